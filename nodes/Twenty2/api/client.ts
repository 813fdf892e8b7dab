import type { JsonObject } from '../json';
import type { Account } from './account';
import type { PlacedCall } from './responses';
import type { Send } from './transport';

/** The call that a create asks for. Its numbers are in E.164. */
export interface NewCall {
	assistantId: string;
	fromNumber: string;
	toNumber: string;
	inputParameters: JsonObject;
	/** Merged into the body as they are. */
	additionalFields: JsonObject;
}

export interface Timing {
	/** The time from sending to the end of the answer, in milliseconds. */
	timeoutMs: number;
}

/** The calls in Twenty2's list that may be a call that was asked for at some time. */
export interface ListedCalls {
	/** Calls like it that began since then. */
	begun: PlacedCall[];
	/** The IDs of calls like it that have not begun, or of which nothing tells when they began. */
	perhaps: string[];
}

/** What each generation of Twenty2's API can do. Every method that sends rejects with a Failure. */
export interface Twenty2 {
	/**
	 * @param options `idempotencyKey` is the same for every attempt at one call, until one is definitely
	 * refused. Twenty2 documents no such key, and it is harmless if ignored.
	 */
	createCall(call: NewCall, options: Timing & { idempotencyKey: string }): Promise<PlacedCall>;
	/**
	 * Lists the calls with the same numbers and assistant that may have been asked for since a time. Only
	 * a generation that can list calls has it.
	 * @param since in milliseconds since 1970, by the clock of this machine
	 */
	callsSince?(call: NewCall, since: number, timing: Timing): Promise<ListedCalls>;
	/** @returns Twenty2's body, untouched */
	getCall(callId: string, timing: Timing): Promise<JsonObject>;
	/** @param query as Twenty2 names it @returns the calls in Twenty2's order, each untouched */
	listCalls?(query: Record<string, string>, timing: Timing): Promise<JsonObject[]>;
	/** A call, or Get Call's body, under the public names, with its numbers in E.164. */
	unify(body: JsonObject): JsonObject;
	/** Why this generation would not dial an E.164 number, as the end of a sentence. */
	whyNotDialable(number: string): string | undefined;
	/** The country of every number, where this generation dials in one only. */
	onlyCountry?: 'IN';
	/** The names that Create Call's body has already. */
	bodyFields: string[];
}

/** One generation of Twenty2's API: the credential it takes, and the requests it consists of. */
export interface Generation {
	credentialType: string;
	/** @throws Failure `INVALID_INPUT` naming the field of the credential */
	account(credential: unknown): Account;
	speak(send: Send, account?: Pick<Account, 'callsPath'>): Twenty2;
}
