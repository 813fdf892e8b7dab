import * as z from 'zod/v4/mini';

import { jsonObject } from '../json';

/** What a failed item carries as `error`; the names are public. */
export const failureFields = z.object({
	code: z.string(),
	message: z.string(),
	description: z.optional(z.string()),
	/** HTTP status, null where no answer came. */
	status: z.nullable(z.number()),
	/** Who said so: the API, or this node. */
	source: z.enum(['twenty2', 'n8n']),
	/** Of a create: whether a person was, or may have been, phoned. */
	outcome: z.optional(z.enum(['not_placed', 'unknown', 'placed'])),
	/** HTTP requests sent for the item. */
	attempts: z.number(),
	/** As Twenty2 sent them: by field, or in a list. */
	validation_errors: z.optional(z.union([jsonObject, z.array(z.unknown())])),
	/** The call that is there all the same. */
	call_id: z.optional(z.string()),
	/** What is known of that call. */
	call: z.optional(jsonObject),
});

export type FailureFields = z.infer<typeof failureFields>;

/** Why something could not be done, in the terms that a workflow branches on. */
export class Failure extends Error {
	/**
	 * @param fields what the item will carry; `attempts` is filled in once it is known
	 * @param retryAfterMs how long Twenty2 asks to wait, in milliseconds
	 */
	constructor(
		readonly fields: FailureFields,
		readonly retryAfterMs = 0,
	) {
		super(fields.message);
	}

	/** Something is wrong with what the node was given; nothing was sent. */
	static ofInput(code: 'INVALID_INPUT' | 'INVALID_NUMBER', message: string, description: string) {
		return new Failure({ code, message, description, status: null, source: 'n8n', attempts: 0 });
	}

	with(more: Partial<FailureFields>): Failure {
		return new Failure({ ...this.fields, ...more }, this.retryAfterMs);
	}
}

/** The failure that was caught; anything else is a mistake of ours and goes on its way. */
export function failureOnly(error: unknown): Failure {
	if (error instanceof Failure) return error;
	throw error;
}
