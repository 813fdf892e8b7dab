/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { defaultAccounts } from './accounts';
import { ApiError, forbidden, internalError, rateLimitExceeded } from './apiError';
import { apiKeyAt, callsPaths, isCallsPath } from './apiKey';
import {
	Behaviours,
	defineCreate,
	defineRead,
	type CreateDefinition,
	type ReadDefinition,
} from './behaviours';
import { Calls, defaultPace } from './calls';
import { CallService } from './callService';
import type { Context } from './context';
import { handleControlRequest } from './control';
import { e164 } from './e164';
import type { Generation } from './generation';
import { documentedLimits, type CountingRule } from './limits';
import { listen } from './listen';
import { magicNumbers } from './magicNumbers';
import { defineMedia, type MediaDefinition } from './mediaBehaviours';
import { defaultMedia } from './mediaOptions';
import { ReplyOverride, type Reply } from './reply';
import type { IncomingRequest } from './request';
import type { Sandbox, SandboxOptions } from './sandbox';
import { recordedHeaders, Seen, type SeenRequest } from './seen';
import { sleep } from './sleep';
import { slidingWindow } from './slidingWindow';
import { webhookEvent } from './webhooks';
import { workspace } from './workspace';

/** Starts a local Twenty2 on 127.0.0.1. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
	const { port = 0, counting = slidingWindow, clock = preciseNow } = options;
	const { networkDelay, onRequest, callsPath = callsPaths[0] } = options;
	const apiKey = apiKeyAt(callsPath);
	const limits = withDefaults(documentedLimits, options);
	const calls = new Calls();
	const seen = new Seen(calls, limits);
	const creates = new Behaviours<CreateDefinition>((number) => {
		const behaviour = magicNumbers[number];
		return behaviour === undefined ? undefined : defineCreate(behaviour);
	});
	const reads = new Behaviours<ReadDefinition>();
	const links = new Behaviours<MediaDefinition>();
	const rules = new Map<string, CountingRule>();

	const server = createServer((request, response) => {
		serve(request, response).catch(() => response.destroy());
	});
	const listeningAt = await listen(server, port);
	const url = `http://127.0.0.1:${listeningAt}`;

	const context: Context = {
		accounts: withDefaults(defaultAccounts, options),
		limits,
		pace: withDefaults(defaultPace, options),
		media: withDefaults(defaultMedia, options),
		calls,
		creates,
		reads,
		links,
		seen,
		clock,
		url,
	};

	async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
		if (networkDelay) await sleep(networkDelay());
		const at = clock();
		response.setHeader('date', new Date(at).toUTCString());
		const { method = 'GET', url: target = '/', headers } = message;
		const [path = '/', search] = target.split('?');
		const query = new URLSearchParams(search);
		const request: IncomingRequest = { method, path, query, headers, text: () => text(message) };
		if (path === '/sandbox' || path.startsWith('/sandbox/')) {
			return send(await handleControlRequest(request, sandbox, context), message, response);
		}

		const isWorkspace = path.startsWith('/api/') && !isCallsPath(path);
		const generation = isWorkspace ? workspace : apiKey;
		const record: SeenRequest = {
			method,
			path: target,
			at,
			status: null,
			generation: generation.name,
			key: null,
			headers: pickHeaders(headers),
		};
		const finish = seen.arrived(record);
		response.once('close', () => {
			finish();
			onRequest?.(record);
		});
		const reply = await answer(generation, request, record).catch((error: unknown) =>
			replyTo(error, generation),
		);
		if (typeof reply === 'object' && !response.destroyed) {
			record.status = reply.status;
			// Before sending: the client's next request may arrive before this response is closed.
			finish();
		}
		send(reply, message, response);
	}

	/** Counts the request before the first await, so requests are counted in order of arrival. */
	async function answer(
		generation: Generation,
		request: IncomingRequest,
		record: SeenRequest,
	): Promise<Reply> {
		const { key, owner, access } = generation.authenticate(request.headers, context.accounts);
		record.key = key;
		const waitMs = ruleFor(key).arrive(record.at);
		if (waitMs > 0) {
			throw rateLimitExceeded(
				`Limit of ${limits.requestsPerMinute} requests a minute reached`,
				limits.retryAfter ? waitMs : undefined,
			);
		}
		if (!access) throw forbidden();
		const idempotencyKey = record.headers['idempotency-key'] ?? null;
		const origin = { generation: generation.name, key, owner, idempotencyKey };
		const service = new CallService(context, origin, generation.toField);
		return { status: 200, body: await generation.handle(request, service) };
	}

	function ruleFor(key: string): CountingRule {
		const rule = rules.get(key) ?? counting(limits);
		rules.set(key, rule);
		return rule;
	}

	const sandbox: Sandbox = {
		url,
		port: listeningAt,
		limits,
		pace: context.pace,
		media: context.media,
		seen,
		behave(number, behaviour) {
			if (!e164.test(number)) throw new TypeError(`${number} is not an E.164 number`);
			creates.set(number, defineCreate(behaviour));
		},
		behaveReads(callId, behaviour) {
			reads.set(callId, defineRead(behaviour));
		},
		behaveMedia(callId, behaviour) {
			links.set(callId, defineMedia(behaviour));
		},
		eventOf(callId) {
			const call = calls.all.find(({ call_id }) => call_id === callId);
			if (call === undefined) throw new TypeError(`There is no call ${callId}`);
			return webhookEvent(call, context.accounts, url, clock());
		},
		reset() {
			calls.clear();
			creates.clear();
			reads.clear();
			links.clear();
			rules.clear();
			seen.clear();
		},
		close() {
			return new Promise((resolve) => {
				// The callback's only error means that the server was closed before.
				server.close(() => resolve());
				server.closeAllConnections();
			});
		},
	};
	return sandbox;
}

/** Finer than Date.now(): whole milliseconds would make the edges of the window inexact. */
function preciseNow(): number {
	return performance.timeOrigin + performance.now();
}

/** The defaults, overridden by those options that are set. */
function withDefaults<T extends object>(defaults: T, options: Partial<T>): T {
	const values = { ...defaults };
	for (const name in defaults) {
		const value = options[name];
		if (value !== undefined) values[name] = value;
	}
	return values;
}

function pickHeaders(headers: IncomingMessage['headers']): Record<string, string> {
	return Object.fromEntries(
		recordedHeaders.flatMap((name) => {
			const value = headers[name];
			return value === undefined ? [] : [[name, String(value)]];
		}),
	);
}

function replyTo(error: unknown, generation: Generation): Reply {
	if (error instanceof ReplyOverride) return error.reply;
	const { details } = error instanceof ApiError ? error : internalError(String(error));
	return {
		status: details.sentAs ?? details.status,
		headers: details.headers,
		body: generation.envelope(details),
	};
}

function send(reply: Reply, request: IncomingMessage, response: ServerResponse): void {
	if (reply === 'hang') return;
	if (reply === 'cut') {
		request.socket.destroy();
		return;
	}
	const { status, headers = {}, body = '' } = reply;
	if (body instanceof Readable) {
		response.writeHead(status, headers);
		// An error in the stream destroys the connection as well.
		pipeline(body, response, () => undefined);
		return;
	}
	const raw = typeof body === 'string' || Buffer.isBuffer(body);
	const type = { 'content-type': raw ? 'text/plain' : 'application/json' };
	response.writeHead(status, { ...type, ...headers });
	response.end(raw ? body : JSON.stringify(body));
}
