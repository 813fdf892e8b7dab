import {
	UserError,
	type ICredentialDataDecryptedObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type IWebhookFunctions,
} from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { adviceFor } from './advice';
import { Failure } from './failure';
import { answered, type Kind, type Send } from './http';
import { outcomeUnknown } from './refusal';

/**
 * Node's codes for a connection that was never made, so that nothing can have been sent on it. That
 * it was no TLS which answered (EPROTO) is none of them: it may come after the request as well.
 */
const neverReached = new Map<string, string>([
	['ECONNREFUSED', 'nothing answers there'],
	['ENOTFOUND', 'there is no such host'],
	['EAI_AGAIN', 'the name of the host could not be looked up'],
	['CERT_HAS_EXPIRED', 'its certificate has expired'],
	['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
	['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is self-signed'],
	['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate cannot be verified'],
	['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate cannot be verified'],
	['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
	['HOSTNAME_MISMATCH', 'its certificate is for another host'],
	...[
		'UNABLE_TO_GET_ISSUER_CERT',
		'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
		'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
		'CERT_SIGNATURE_FAILURE',
		'CERT_NOT_YET_VALID',
		'CERT_CHAIN_TOO_LONG',
		'CERT_REVOKED',
		'CERT_UNTRUSTED',
		'CERT_REJECTED',
		'INVALID_CA',
		'INVALID_PURPOSE',
		'PATH_LENGTH_EXCEEDED',
	].map((code) => [code, 'its certificate cannot be verified'] as const),
	['ERR_INVALID_URL', 'that is no valid address'],
	['ERR_SOCKET_BAD_PORT', 'that is no valid port'],
]);

/** Whatever went wrong while connecting; Node tries every address of a name and tells of each. */
const connecting = z.object({ syscall: z.literal('connect') });
const whileConnecting = z.union([
	connecting,
	z.object({ errors: z.array(connecting).check(z.minLength(1)) }),
]);

/** What n8n gives a node that sends requests. */
export type Sender = IExecuteFunctions | IWebhookFunctions;

const timedOut = ['ECONNABORTED', 'ETIMEDOUT'];

const withCode = z.object({ code: z.string() });
const withCause = z.object({ cause: z.unknown() });

/**
 * Sends requests through n8n's helper, which signs them with the credential and keeps n8n's own
 * rules (proxy, allowed hosts). Redirects are not followed: a redirected create would be sent twice
 * or turn into a read.
 * @param credential as n8n decrypted it: left to itself, n8n reads it from its database for every
 * request, which takes a good third of the time
 */
export function sendThrough(
	n8n: Sender,
	credentialType: string,
	credential: ICredentialDataDecryptedObject,
	baseUrl: string,
): Send {
	const uninterrupted = withoutCancelSignal(n8n);
	const credentialsDecrypted = { id: '', name: '', type: credentialType, data: credential };
	return async ({ kind, method, path, query, headers, body, timeoutMs }) => {
		const options: IHttpRequestOptions = {
			method,
			url: baseUrl + path,
			qs: query,
			headers: { ...headers },
			body,
			json: true,
			timeout: timeoutMs,
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
		};
		const on = kind === 'create' ? uninterrupted : n8n;
		const response: unknown = await n8n.helpers.httpRequestWithAuthentication
			.call(on, credentialType, options, { credentialsDecrypted })
			.catch((error: unknown) => {
				throw unanswered(error, kind, baseUrl, timeoutMs);
			});
		return answered(response);
	};
}

/**
 * n8n's helper cuts the connection when the execution is stopped, if what it is called on has the
 * signal for it. A create that is cut has been sent all the same, and nobody would know whether the
 * person was phoned.
 */
function withoutCancelSignal(n8n: Sender): Sender {
	return new Proxy(n8n, { has: (on, name) => name !== 'getExecutionCancelSignal' && name in on });
}

/** Why no answer came, from what the HTTP client threw. */
export function unanswered(
	error: unknown,
	kind: Kind,
	baseUrl: string,
	timeoutMs: number,
): Failure {
	const chain = withCauses(error);
	const codes = chain.flatMap((each) => withCode.safeParse(each).data?.code ?? []);
	const unconnected = chain.some((each) => whileConnecting.safeParse(each).success);
	const why = chain.some((each) => each instanceof UserError)
		? 'this n8n does not allow it'
		: (codes.map((code) => neverReached.get(code)).find((reason) => reason !== undefined) ??
			(unconnected ? 'the connection could not be made' : undefined));
	if (why !== undefined) {
		return new Failure({
			code: 'NETWORK_ERROR',
			message: `Twenty2 was not reached at ${baseUrl}: ${why}`,
			description: adviceFor('NETWORK_ERROR'),
			status: null,
			source: 'n8n',
			...(kind === 'create' && { outcome: 'not_placed' }),
			attempts: 0,
		});
	}

	const what = codes.some((code) => timedOut.includes(code))
		? `No answer from ${baseUrl} within ${timeoutMs / 1_000} seconds`
		: `The connection to ${baseUrl} ended before the answer`;
	if (kind === 'create') return outcomeUnknown(what, null);
	return new Failure({
		code: 'TIMEOUT',
		message: what,
		description: adviceFor('TIMEOUT'),
		status: null,
		source: 'n8n',
		attempts: 0,
	});
}

/** n8n wraps what its HTTP client throws, and keeps it as the cause. */
function withCauses(error: unknown, depth = 5): unknown[] {
	const cause = withCause.safeParse(error).data?.cause;
	return cause === undefined || depth === 0 ? [error] : [error, ...withCauses(cause, depth - 1)];
}
