import * as z from 'zod/v4/mini';

import { jsonObject } from '../json';

/** What a failed item carries as `error`; the names are public. */
export const failureFields = z.object({
	code: z.string(),
	message: z.string(),
	description: z.optional(z.string()),
	/** HTTP status, null where no answer came. */
	status: z.nullable(z.number()),
	/** Who decided that it failed: the API, or this node. */
	source: z.enum(['twenty2', 'n8n']),
	/** Of a request that dials: whether a person was, or may have been, phoned. */
	outcome: z.optional(z.enum(['not_placed', 'unknown', 'placed'])),
	/** HTTP requests sent for the item. */
	attempts: z.number(),
	/** As Twenty2 sent them: by field, or in a list. */
	validation_errors: z.optional(z.union([jsonObject, z.array(z.unknown())])),
	/** When people may be phoned again, in ISO 8601 with an offset. */
	next_allowed_at: z.optional(z.string()),
	/** Nothing was sent or recorded, and nothing would have been. */
	dry_run: z.optional(z.boolean()),
	/** The call that was placed all the same. */
	call_id: z.optional(z.string()),
	/** What is known of that call or, in a dry run, of the one that would be placed. */
	call: z.optional(jsonObject),
});

export type FailureFields = z.infer<typeof failureFields>;

/** Why an item or a request failed, in the terms that a workflow branches on. */
export class Failure extends Error {
	/** @param retryAfterMs how long Twenty2 asks to wait, in milliseconds */
	constructor(
		readonly fields: FailureFields,
		readonly retryAfterMs = 0,
	) {
		super(fields.message);
	}

	/** A value that the node was given is wrong; nothing was sent. */
	static ofInput(code: 'INVALID_INPUT' | 'INVALID_NUMBER', message: string, description: string) {
		return Failure.ofNode(code, message, { description });
	}

	/** A failure that the node decides on. It has the advice on its code, and `more` replaces its fields. */
	static ofNode(code: string, message: string, more: Partial<FailureFields> = {}) {
		const description = adviceFor(code);
		const usual = { code, message, description, status: null, source: 'n8n', attempts: 0 } as const;
		return new Failure({ ...usual, ...more });
	}

	/** What happened, without what explains it. */
	get brief(): string {
		const [brief = ''] = this.fields.message.split(/: |; | \(/);
		return brief;
	}

	with(more: Partial<FailureFields>): Failure {
		return new Failure({ ...this.fields, ...more }, this.retryAfterMs);
	}
}

/** A request that dials was sent, and nothing tells whether the person was phoned. */
export function outcomeUnknown(message: string, status: number | null): Failure {
	return Failure.ofNode('OUTCOME_UNKNOWN', message, { status, outcome: 'unknown' });
}

const MAX_FAULT_LENGTH = 200;

/** Letters, as in prose or in the name of a variable. */
const plainWord = /^["'`(]*[a-z._$]{1,30}["'`).,:;]*$/i;

/** The failure for a fault of this node or of n8n. Only plain words are kept, because a fault may quote a key. */
export function unexpected(fault: unknown): Failure {
	const said = fault instanceof Error ? `${fault.name}: ${fault.message}` : typeof fault;
	const words = said.slice(0, MAX_FAULT_LENGTH).split(/\s+/);
	const safe = words.map((word) => (plainWord.test(word) ? word : '…')).join(' ');
	return Failure.ofNode('UNEXPECTED', `Something unexpected happened inside this node: ${safe}`);
}

/** @returns the Failure that was caught, or `UNEXPECTED` for a fault */
export function toFailure(error: unknown): Failure {
	return error instanceof Failure ? error : unexpected(error);
}

export function orFailure<T>(work: () => T): T | Failure {
	try {
		return work();
	} catch (error) {
		return toFailure(error);
	}
}

/** @returns the Failure that was caught @throws anything else: the reason of a signal, or a fault */
export function failureOnly(error: unknown): Failure {
	if (error instanceof Failure) return error;
	throw error;
}

/** What the user can do about a failure, by its code. */
const advice: Partial<Record<string, string>> = {
	UNAUTHORIZED:
		'Copy the API key again in Twenty2 under Profile → Integrations, and paste it into the Twenty2 credential',
	FORBIDDEN: 'Ask the owner of the Twenty2 account to give this key access',
	INVALID_ASSISTANT:
		'Copy the Assistant ID again in Twenty2 (three-dot menu of the assistant) and make sure that the assistant is published',
	INVALID_NUMBER:
		'Check that From Number and To Number carry a + and the country code, e.g. +919876543210, and that From Number is one of your Twenty2 numbers',
	CALL_NOT_FOUND: 'Check the Call ID: it is what Create Call returned as call_id',
	NOT_FOUND: 'Check the Call ID or Assistant ID, and the Base URL in the Twenty2 credential',
	BAD_REQUEST: 'Check the fields of this node against what the message says',
	VALIDATION_ERROR: 'Check the fields of this node against what Twenty2 says of them',
	RATE_LIMIT_EXCEEDED:
		'Another program may be using the same key. Raise Keep Trying When Busy in the options, or ask the Twenty2 team for higher limits',
	INTERNAL_ERROR: 'Run the item again later. If it persists, contact Twenty2 support',
	NETWORK_ERROR: 'Check the Base URL in the Twenty2 credential and the network of your n8n',
	TIMEOUT: 'Run the item again, or raise Request Timeout in the options',
	OUTCOME_UNKNOWN:
		'The person may have been phoned. Look the call up in Twenty2 before you place it again',
	WAIT_TIMEOUT:
		'The call was placed. Look it up later with Get Call and its call_id, or retry this execution, which waits on for it and phones nobody again',
	DUPLICATE_CALL:
		'Somebody was phoned under this key before. Give the item another key to phone all the same',
	OUTSIDE_CALLING_HOURS:
		'Run the item again at next_allowed_at, for example behind a Wait node that resumes at that time',
	CALL_LIMIT_REACHED: 'Check the list. If all of it is to be called, raise Max Calls per Execution',
	DOWNLOAD_FAILED:
		'Get the call again with Get Call, as Twenty2 then gives a new link. What is known of the call is in error.call',
	UNEXPECTED:
		'This is a fault of the node or of n8n and not of the item. Report it with this message and the versions of both',
	INVALID_RESPONSE:
		'Check that the Base URL in the Twenty2 credential is the address of the Twenty2 API',
};

/** @returns undefined for a code that this node does not know */
export function adviceFor(code: string): string | undefined {
	return Object.hasOwn(advice, code) ? advice[code] : undefined;
}
