import {
	UserError,
	type ICredentialDataDecryptedObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type IWebhookFunctions,
} from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { JsonObject } from '../json';
import { isBodyStream, textOf } from './bodyStream';
import { Failure, outcomeUnknown } from './failure';
import { withinTime } from './requestTimeout';

/** What decides the meaning of a lost answer, whether Stop cuts the connection, and if failures have an outcome. */
export interface RequestTraits {
	/** It makes a phone ring. Every other request changes nothing at Twenty2. */
	dials: boolean;
}

export interface HttpRequest extends RequestTraits {
	method: 'GET' | 'POST';
	/** Below the base URL, with a slash in front. */
	path: string;
	query?: Record<string, string>;
	headers?: Record<string, string>;
	body?: JsonObject;
	/** The time from sending to the end of the answer, in milliseconds. */
	timeoutMs: number;
	/** How long the answer may be; without it, 1 MB. */
	maxBytes?: number;
}

export interface HttpAnswer {
	status: number;
	/** The headers `Retry-After` and `Date`, as they came. */
	retryAfter?: string;
	date?: string;
	/** Parsed when it was JSON, else the text. */
	body: unknown;
	/** The answer was longer than this number of bytes, so there is no body. */
	longerThan?: number;
}

/** Sends a request. An answer of any status is an answer. @throws Failure when no answer comes */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

const fullResponse = z.object({
	statusCode: z.number(),
	headers: z.object({ 'retry-after': z.optional(z.string()), date: z.optional(z.string()) }),
	body: z.unknown(),
});

/** An answer of Twenty2 is some kB long. An answer of 50 MB would become an item of that size. */
const MAX_ANSWER_BYTES = 1_000_000;

/** @param response what n8n's helpers give when they are asked for the full response */
export function answered(response: unknown): HttpAnswer {
	const { statusCode: status, headers, body } = fullResponse.parse(response);
	return { status, retryAfter: headers['retry-after'], date: headers.date, body };
}

/** Reads an answer to its end. @param response the full response, with its body as a stream */
export async function readAnswer(
	response: unknown,
	maxBytes = MAX_ANSWER_BYTES,
): Promise<HttpAnswer> {
	const answer = answered(response);
	if (!isBodyStream(answer.body)) return answer;
	const text = await textOf(answer.body, maxBytes);
	if (text === undefined) return { ...answer, body: undefined, longerThan: maxBytes };
	return { ...answer, body: jsonOrText(text) };
}

function jsonOrText(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/** Node's codes for a connection that was never made. EPROTO is none: it may come after the request was sent. */
const neverReached = new Map<string, string>([
	['ECONNREFUSED', 'nothing answers there'],
	['ENOTFOUND', 'there is no such host'],
	['EAI_AGAIN', 'the name of the host could not be looked up'],
	['CERT_HAS_EXPIRED', 'its certificate has expired'],
	['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
	['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is self-signed'],
	['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
	['HOSTNAME_MISMATCH', 'its certificate is for another host'],
	['ERR_INVALID_URL', 'that is no valid address'],
	['ERR_SOCKET_BAD_PORT', 'that is no valid port'],
]);

/** Node's other codes for a certificate that it does not accept. */
const badCertificate =
	/^(UNABLE_TO_(GET_ISSUER_CERT(_LOCALLY)?|DECRYPT_CERT_SIGNATURE|DECODE_ISSUER_PUBLIC_KEY|VERIFY_LEAF_SIGNATURE)|CERT_(SIGNATURE_FAILURE|NOT_YET_VALID|CHAIN_TOO_LONG|REVOKED|UNTRUSTED|REJECTED)|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED)$/;

/** @returns undefined where the request may have been sent */
const whyNeverReached = (code: string) =>
	neverReached.get(code) ??
	(badCertificate.test(code) ? 'its certificate cannot be verified' : undefined);

/** An error while connecting. Node tries every address of a name and lists an error for each. */
const connecting = z.object({ syscall: z.literal('connect') });
const whileConnecting = z.union([
	connecting,
	z.object({ errors: z.array(connecting).check(z.minLength(1)) }),
]);

const timedOut = ['ECONNABORTED', 'ETIMEDOUT'];
const withCode = z.object({ code: z.string() });
const withCause = z.object({ cause: z.unknown() });

/** n8n 1's `NodeApiError` around what the HTTP client threw: it keeps the code and message, but no cause. */
const wrapped = z.object({
	httpCode: z.string(),
	messages: z.array(z.string()).check(z.minLength(1)),
});

/** Node's message of an error while connecting, such as `connect EHOSTUNREACH 10.0.0.1:443`. */
const connectMessage = /^connect E[A-Z]+ /;

/** What n8n gives a node that sends requests. */
export type Sender = IExecuteFunctions | IWebhookFunctions | ILoadOptionsFunctions;

/**
 * An answer of any status comes back as a stream, which is read only as far as it may go. Redirects are not
 * followed: a redirected create would be sent twice or turn into a read.
 */
export const asStream = {
	encoding: 'stream',
	returnFullResponse: true,
	ignoreHttpStatusErrors: true,
	disableFollowRedirect: true,
} satisfies Partial<IHttpRequestOptions>;

/**
 * Sends requests through n8n's helper, which signs them and follows n8n's rules (proxy, allowed hosts).
 * @param credential as n8n decrypted it. Otherwise n8n reads its database for every request.
 */
export function sendThrough(
	n8n: Sender,
	credentialType: string,
	credential: ICredentialDataDecryptedObject,
	baseUrl: string,
): Send {
	const context = withoutCancelSignal(n8n);
	const credentialsDecrypted = { id: '', name: '', type: credentialType, data: credential };
	return async ({ method, path, query, headers, body, timeoutMs, maxBytes, ...traits }) => {
		const send = async (signal: AbortSignal) => {
			const options: IHttpRequestOptions = {
				method,
				url: baseUrl + path,
				qs: query,
				headers: { ...headers },
				body,
				json: true,
				timeout: timeoutMs,
				abortSignal: signal,
				...asStream,
			};
			const response: unknown = await n8n.helpers.httpRequestWithAuthentication.call(
				context,
				credentialType,
				options,
				{ credentialsDecrypted },
			);
			return await readAnswer(response, maxBytes);
		};
		// A phone may have rung, and only the answer tells whether it did.
		const stopped = traits.dials ? undefined : cancelSignalOf(n8n);
		return await withinTime(timeoutMs, stopped, send).catch((error: unknown) => {
			throw unanswered(error, traits, baseUrl, timeoutMs);
		});
	};
}

/** Fires when the execution is stopped. A webhook has no execution yet, and the editor has none. */
function cancelSignalOf(n8n: Sender): AbortSignal | undefined {
	return 'getExecutionCancelSignal' in n8n ? n8n.getExecutionCancelSignal() : undefined;
}

/** The same functions without n8n's own cancel signal, which its helper would use instead of the given one. */
function withoutCancelSignal(n8n: Sender): Sender {
	return new Proxy(n8n, { has: (on, name) => name !== 'getExecutionCancelSignal' && name in on });
}

/**
 * The failure of a request without an answer: `NETWORK_ERROR` when it never reached Twenty2, else
 * `OUTCOME_UNKNOWN` when it dials and `TIMEOUT` when it does not.
 */
export function unanswered(
	error: unknown,
	{ dials }: RequestTraits,
	baseUrl: string,
	timeoutMs: number,
): Failure {
	const chain = withCauses(error);
	const codes = chain.flatMap(codesOf);
	const unconnected = chain.some(
		(each) => whileConnecting.safeParse(each).success || saysWhileConnecting(each),
	);
	const why = chain.some((each) => each instanceof UserError)
		? 'this n8n does not allow it'
		: (codes.map(whyNeverReached).find((reason) => reason !== undefined) ??
			(unconnected ? 'the connection could not be made' : undefined));
	if (why !== undefined) {
		const message = `Twenty2 was not reached at ${baseUrl}: ${why}`;
		return Failure.ofNode('NETWORK_ERROR', message, dials ? { outcome: 'not_placed' } : {});
	}

	const what = codes.some((code) => timedOut.includes(code))
		? `No answer from ${baseUrl} within ${timeoutMs / 1_000} seconds`
		: `The connection to ${baseUrl} ended before the answer`;
	return dials ? outcomeUnknown(what, null) : Failure.ofNode('TIMEOUT', what);
}

/** The codes on an error itself, without its causes. */
function codesOf(error: unknown): string[] {
	const code = withCode.safeParse(error).data?.code;
	const httpCode = wrapped.safeParse(error).data?.httpCode;
	return [code, httpCode].filter((each) => each !== undefined);
}

/** Whether n8n's error says that the connection was never made, to any address of a name. */
function saysWhileConnecting(error: unknown): boolean {
	const { data } = wrapped.safeParse(error);
	const said = data?.messages.flatMap((message) => message.split(' | '));
	return said?.every((message) => connectMessage.test(message)) ?? false;
}

/** An error and its causes. n8n wraps what its HTTP client throws and keeps it as the cause. */
function withCauses(error: unknown, depth = 5): unknown[] {
	const cause = withCause.safeParse(error).data?.cause;
	return cause === undefined || depth === 0 ? [error] : [error, ...withCauses(cause, depth - 1)];
}
