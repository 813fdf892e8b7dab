/* eslint-disable @n8n/community-nodes/require-node-api-error -- never part of the package */
import { Failure } from '../../../nodes/Twenty2/api/failure';

/** The failure that something throws; anything else that it throws fails the test. */
export function failureFrom(act: () => unknown): Failure {
	try {
		act();
	} catch (error) {
		if (error instanceof Failure) return error;
		throw error;
	}
	throw new Error('It threw nothing');
}

/** Words that n8n keeps out of what its users read. */
export const alarming = /\b(error|problem|failure)s?\b/i;
