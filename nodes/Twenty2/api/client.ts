import type { JsonObject } from '../json';
import type { Account } from './account';
import type { PlacedCall } from './responses';
import type { Send } from './transport';

/** The call that a create asks for, in the words of the API-key generation. */
export interface NewCall {
	assistantId: string;
	/** E.164. */
	fromNumber: string;
	/** E.164. */
	toNumber: string;
	inputParameters: JsonObject;
	/** Merged into the body as they are. */
	additionalFields: JsonObject;
}

/** How one request is sent. */
export interface Timing {
	/** The time from sending to the end of the answer, in milliseconds. */
	timeoutMs: number;
}

/** How one create is sent. */
export interface Sending extends Timing {
	/**
	 * The same for every attempt at one call, until one is definitely refused. Twenty2 documents none; it
	 * is harmless if ignored.
	 */
	idempotencyKey: string;
}

/** What Twenty2's list of calls tells of a call that was asked for at some time. */
export interface ListedCalls {
	/** Calls like it that began since then. */
	begun: PlacedCall[];
	/**
	 * The IDs of calls like it that have not begun, or of which it cannot be told when they did. Twenty2 may
	 * have queued them long before, so each may be the call, and none need be.
	 */
	perhaps: string[];
}

/** What each generation of Twenty2's API can do. Every method that sends rejects with a Failure. */
export interface Twenty2 {
	createCall(call: NewCall, sending: Sending): Promise<PlacedCall>;
	/**
	 * Lists the calls to that number, from that number, by that assistant, that may have been asked for
	 * since then. Only a generation that can list calls has it.
	 * @param since in milliseconds since 1970, by the clock of this machine
	 */
	callsSince?(call: NewCall, since: number, timing: Timing): Promise<ListedCalls>;
	/** @returns Twenty2's body, untouched */
	getCall(callId: string, timing: Timing): Promise<JsonObject>;
	/**
	 * Lists calls. Only a generation that can list calls has it.
	 * @param query which calls, in the words of Twenty2
	 * @returns the calls in Twenty2's order, each untouched
	 */
	listCalls?(query: Record<string, string>, timing: Timing): Promise<JsonObject[]>;
	/** A call, or Get Call's body, under the names that both generations share, with numbers in E.164. */
	unify(body: JsonObject): JsonObject;
	/** Why this generation would not dial an E.164 number, as the end of a sentence. */
	whyNotDialable(number: string): string | undefined;
	/** The names that Create Call's body has already. */
	bodyFields: string[];
}

/** One generation of Twenty2's API: the credential it takes, and the requests it consists of. */
export interface Generation {
	credentialType: string;
	/** @throws Failure `INVALID_INPUT` naming the field of the credential */
	account(credential: unknown): Account;
	/**
	 * @param send carries the requests
	 * @param account where the generation has its calls, if that differs between accounts
	 */
	speak(send: Send, account?: Pick<Account, 'callsPath'>): Twenty2;
}
