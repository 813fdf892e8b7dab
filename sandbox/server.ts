import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Accounts, defaultAccounts } from './accounts';
import { apiKey } from './apiKey';
import {
	type Behaviour,
	Behaviours,
	type Kind,
	kindOf,
	type ReadBehaviour,
	type ReadKind,
	readKindOf,
} from './behaviours';
import { Calls, defaultPace, type Pace } from './calls';
import { control } from './control';
import { Desk, type World } from './desk';
import { e164 } from './e164';
import type { Generation, Incoming } from './generation';
import { type Counting, type CountingRule, documentedLimits, type Limits } from './limits';
import { defaultMedia, type MediaOptions } from './media';
import { type MediaBehaviour, type MediaKind, mediaKindOf } from './mediaBehaviours';
import { magicNumbers } from './numbers';
import { forbidden, internalError, rateLimitExceeded, Refusal } from './refusal';
import { Instead, type Reply } from './reply';
import { headersOfInterest, Seen, type SeenRequest } from './seen';
import { slidingWindow } from './slidingWindow';
import { eventOf, type WebhookEvent } from './webhooks';
import { workspace } from './workspace';

export interface SandboxOptions
	extends Partial<Limits>,
		Partial<Pace>,
		Partial<MediaOptions>,
		Partial<Accounts> {
	/** Default: any free one. */
	port?: number;
	/** How requests are counted; default: a sliding window. */
	counting?: Counting;
	/** Milliseconds that a request is on its way before it arrives and is counted. */
	networkDelay?: () => number;
	/** Milliseconds since 1970. A test that brings its own never has to wait. */
	clock?: () => number;
	/** Told about every request once it is over. */
	onRequest?: (request: SeenRequest) => void;
}

export interface Sandbox {
	/** Where it listens, without a slash at the end: the base URL of the API key generation. */
	readonly url: string;
	readonly port: number;
	/** Settable at any time. */
	readonly limits: Limits;
	/** Settable at any time; holds for calls placed from then on. */
	readonly pace: Pace;
	/** Settable at any time. */
	readonly media: MediaOptions;
	readonly seen: Seen;
	/** Makes creates to this E.164 number misbehave, on both generations. */
	behave(number: string, behaviour: Behaviour): void;
	/** Makes reads of this call misbehave, or all reads (`'*'`), those of the call logs included. */
	behaveReads(callId: string, behaviour: ReadBehaviour): void;
	/** Makes the links of this call misbehave, or all links (`'*'`). */
	behaveMedia(callId: string, behaviour: MediaBehaviour): void;
	/** The webhook event that the end of this call brings, for `deliver`. */
	eventOf(callId: string): WebhookEvent;
	/** Forgets requests, calls and behaviours. Limits and pace stay as they are. */
	reset(): void;
	/** Stops listening and drops every connection, hanging ones too. */
	close(): Promise<void>;
}

/** Starts a local Twenty2 on 127.0.0.1. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
	const { port = 0, counting = slidingWindow, clock = preciseNow } = options;
	const { networkDelay, onRequest } = options;
	const limits = pick(documentedLimits, options);
	const calls = new Calls();
	const seen = new Seen(calls, limits);
	const creates = new Behaviours<Kind>((number) => {
		const behaviour = magicNumbers[number];
		return behaviour === undefined ? undefined : kindOf(behaviour);
	});
	const reads = new Behaviours<ReadKind>();
	const links = new Behaviours<MediaKind>();
	const rules = new Map<string, CountingRule>();

	const server = createServer((request, response) => {
		serve(request, response).catch(() => response.destroy());
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, '127.0.0.1', resolve);
	});
	const address = server.address();
	if (address === null || typeof address === 'string') throw new Error('No TCP port');
	const url = `http://127.0.0.1:${address.port}`;

	const world: World = {
		accounts: pick(defaultAccounts, options),
		limits,
		pace: pick(defaultPace, options),
		media: pick(defaultMedia, options),
		calls,
		creates,
		reads,
		links,
		seen,
		clock,
		url,
	};

	async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (networkDelay) await sleep(networkDelay());
		const at = clock();
		response.setHeader('date', new Date(at).toUTCString());
		const { method = 'GET', url: target = '/', headers } = request;
		const [path = '/', search] = target.split('?');
		const query = new URLSearchParams(search);
		const incoming: Incoming = { method, path, query, headers, text: () => text(request) };
		if (path === '/sandbox' || path.startsWith('/sandbox/')) {
			return send(await control(incoming, sandbox, world), request, response);
		}

		const generation = path.startsWith('/api/') ? workspace : apiKey;
		const noted: SeenRequest = {
			method,
			path: target,
			at,
			status: null,
			generation: generation.name,
			key: null,
			headers: notable(headers),
		};
		const over = seen.arrived(noted);
		response.once('close', () => {
			over();
			onRequest?.(noted);
		});
		const reply = await answer(generation, incoming, noted).catch((error: unknown) =>
			replyTo(error, generation),
		);
		if (typeof reply === 'object' && !response.destroyed) {
			noted.status = reply.status;
			// Before it is sent: the client's next request may come in before this one is closed.
			over();
		}
		send(reply, request, response);
	}

	/** Counts before anything is awaited, so requests are judged in the order they arrived in. */
	async function answer(
		generation: Generation,
		incoming: Incoming,
		noted: SeenRequest,
	): Promise<Reply> {
		const caller = generation.caller(incoming.headers, world.accounts);
		const { key, access } = caller;
		noted.key = key;
		const waitMs = ruleFor(key).arrive(noted.at);
		if (waitMs > 0) {
			throw rateLimitExceeded(
				`Limit of ${limits.requestsPerMinute} requests a minute reached`,
				limits.retryAfter ? waitMs : undefined,
			);
		}
		if (!access) throw forbidden();
		const idempotencyKey = noted.headers['idempotency-key'] ?? null;
		const desk = new Desk(world, generation, caller, idempotencyKey);
		return { status: 200, body: await generation.handle(incoming, desk) };
	}

	function ruleFor(key: string): CountingRule {
		const rule = rules.get(key) ?? counting(limits);
		rules.set(key, rule);
		return rule;
	}

	const sandbox: Sandbox = {
		url,
		port: address.port,
		limits,
		pace: world.pace,
		media: world.media,
		seen,
		behave(number, behaviour) {
			if (!e164.test(number)) throw new TypeError(`${number} is not an E.164 number`);
			creates.set(number, kindOf(behaviour));
		},
		behaveReads(callId, behaviour) {
			reads.set(callId, readKindOf(behaviour));
		},
		behaveMedia(callId, behaviour) {
			links.set(callId, mediaKindOf(behaviour));
		},
		eventOf(callId) {
			const call = calls.all.find(({ call_id }) => call_id === callId);
			if (call === undefined) throw new TypeError(`There is no call ${callId}`);
			return eventOf(call, world.accounts, url, clock());
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
				// The only error is that it was closed before.
				server.close(() => resolve());
				server.closeAllConnections();
			});
		},
	};
	return sandbox;
}

/** By the timers of the day, so that a test whose clock stands still holds requests up too. */
async function sleep(ms: number): Promise<void> {
	await new Promise<void>((resolve) => {
		setTimeout(resolve, ms);
	});
}

/** Finer than Date.now(), whose rounding would blur the edges of the window. */
function preciseNow(): number {
	return performance.timeOrigin + performance.now();
}

/** The defaults with those of the options that are set. */
function pick<T extends object>(defaults: T, options: Partial<T>): T {
	const picked = { ...defaults };
	for (const name in defaults) {
		const wanted = options[name];
		if (wanted !== undefined) picked[name] = wanted;
	}
	return picked;
}

function notable(headers: IncomingMessage['headers']): Record<string, string> {
	return Object.fromEntries(
		headersOfInterest.flatMap((name) => {
			const value = headers[name];
			return value === undefined ? [] : [[name, String(value)]];
		}),
	);
}

function replyTo(error: unknown, generation: Generation): Reply {
	if (error instanceof Instead) return error.reply;
	const { facts } = error instanceof Refusal ? error : internalError(String(error));
	return {
		status: facts.sentAs ?? facts.status,
		headers: facts.headers,
		body: generation.envelope(facts),
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
		// A stream that breaks off takes the connection with it.
		pipeline(body, response, () => undefined);
		return;
	}
	const raw = typeof body === 'string' || Buffer.isBuffer(body);
	const type = { 'content-type': raw ? 'text/plain' : 'application/json' };
	response.writeHead(status, { ...type, ...headers });
	response.end(raw ? body : JSON.stringify(body));
}
