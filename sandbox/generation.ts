/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { IncomingHttpHeaders } from 'node:http';
import type { Accounts } from './accounts';
import type { ErrorDetails } from './apiError';
import type { GenerationName } from './calls';
import type { CallService } from './callService';
import type { IncomingRequest } from './request';

/** The sender of a request, identified by its key. A known key may still have no access. */
export interface Caller {
	/** The key with the generation as prefix. */
	key: string;
	/** The owner of the calls placed with this key: its workspace, or the key itself. */
	owner: string;
	access: boolean;
}

/** One generation of Twenty2's API: its authentication, routes and envelopes. */
export interface Generation {
	readonly name: GenerationName;
	/** The body field that holds the called number. */
	readonly toField: string;
	/**
	 * Identifies the caller.
	 * @throws ApiError with status 401
	 */
	authenticate(headers: IncomingHttpHeaders, accounts: Accounts): Caller;
	/**
	 * Carries out a request.
	 * @returns the body of the answer with status 200
	 * @throws ApiError or ReplyOverride for every other answer
	 */
	handle(request: IncomingRequest, service: CallService): Promise<object>;
	/** The body of an error answer. */
	envelope(details: ErrorDetails): object;
}
