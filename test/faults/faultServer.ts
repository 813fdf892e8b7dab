/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import dns from 'node:dns';
import { once } from 'node:events';
import {
	createServer as createHttpServer,
	type IncomingMessage,
	type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { vi } from 'vitest';

import type { Sandbox } from '../../sandbox';
import { listen } from '../../sandbox/listen';
import { certificate } from './certificate';
import { elsewhere, tooMany, type Fault, type GenerationName, type Sound } from './faults';

const HOST = 'twenty2.test';
/** Of loopback, and nobody listens there. */
const NOBODY = '127.0.0.9';

/** An answer to a create that was not carried out, for faults that need one. */
const likely: Sound = {
	status: 200,
	type: 'application/json',
	body: Buffer.from('{"success":true,"call_id":"call_0","status":"queued"}'),
};

export interface Plan {
	generation: GenerationName;
	fault: Fault;
	/** Twenty2 carries the request out before the fault hides its answer. */
	carriedOut: boolean;
	/** Only creates meet the fault. */
	createsOnly?: true;
	/** What becomes of the requests before the fault begins: they pass, or there are too many of them. */
	before: Array<'sound' | 'busy'>;
	/** The last of those is carried out, and its answer gets lost. */
	loseLast?: boolean;
	/** How many requests meet the fault. Without it, as many as the fault says. */
	times?: number;
	/** How long Twenty2 takes to answer. */
	answerMs?: number;
}

/** Stands between the node and a sandbox, as `https://twenty2.test`, and plays one fault. */
export class FaultServer {
	private plan: Plan | undefined;
	private spy: { mockRestore(): void } | undefined;
	private port = 0;
	private plans = 0;
	/** How many requests came before the fault. */
	private passed = 0;
	/** How many requests met it. */
	private met = 0;
	/** When the first request met it. */
	metAt: number | undefined;
	private readonly server = createServer(certificate, (request, response) => {
		void this.answer(request, response).catch(() => response.destroy());
	});
	private readonly other = createHttpServer((request, response) => {
		this.sentElsewhere.push(request.url ?? '');
		response.end('{}');
	});

	/** Every request that arrived, by time of arrival in ms. */
	readonly requests: number[] = [];
	/** How many of them have been answered, or cut off. */
	answered = 0;
	/** The requests that came to the host that redirects lead to. */
	readonly sentElsewhere: string[] = [];

	private constructor(private readonly sandbox: Sandbox) {}

	static async start(sandbox: Sandbox): Promise<FaultServer> {
		const started = new FaultServer(sandbox);
		started.port = await listen(started.server);
		elsewhere.url = `http://127.0.0.1:${await listen(started.other)}/elsewhere`;
		started.lookUpNames();
		return started;
	}

	/** The base URL of the current plan. Each plan has its own, and with it a budget of its own. */
	get url(): string {
		return `https://plan${this.plans}.${HOST}:${this.port}`;
	}

	/** Plays a fault from now on. Names are looked up, and certificates checked, as the fault has it. */
	begin(plan: Plan): void {
		this.plan = plan;
		this.plans += 1;
		this.passed = 0;
		this.met = 0;
		this.metAt = undefined;
		this.requests.length = 0;
		this.answered = 0;
		this.sentElsewhere.length = 0;
		this.trust();
	}

	/** Lets every request through, at a base URL of which nothing is known yet. */
	renew(): void {
		this.end();
		this.plans += 1;
	}

	/** Ends the fault, and lets every request through. */
	end(): void {
		this.plan = undefined;
		this.trust();
	}

	async close(): Promise<void> {
		this.spy?.mockRestore();
		vi.unstubAllEnvs();
		for (const server of [this.server, this.other]) {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		}
	}

	/** Names below `HOST` lead here, unless the fault has it otherwise. */
	private lookUpNames(): void {
		const { lookup } = dns;
		const lookUp = (
			name: string,
			options: dns.LookupOptions,
			done: (error: Error | null, address?: unknown, family?: number) => void,
		) => {
			if (!name.endsWith(HOST)) return lookup(name, options, done);
			const fault = this.begun ? this.plan?.fault.unreachable : undefined;
			if (fault !== undefined) this.meet();
			if (fault === 'no such host') {
				return done(Object.assign(new Error(`ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
			}
			const address = fault === 'refused' ? NOBODY : '127.0.0.1';
			return options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
		};
		// The HTTP client uses one of the overloads only.
		this.spy = vi.spyOn(dns, 'lookup').mockImplementation(lookUp as typeof dns.lookup);
	}

	private get begun(): boolean {
		const { plan, passed, met } = this;
		if (!plan || passed < plan.before.length) return false;
		return met < (plan.times ?? plan.fault.times ?? Number.POSITIVE_INFINITY);
	}

	private meet(): void {
		this.met += 1;
		this.metAt ??= performance.now();
	}

	/** Node reads this variable for every connection. */
	private trust(): void {
		const untrusted = this.begun && this.plan?.fault.unreachable === 'untrusted';
		vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', untrusted ? '1' : '0');
	}

	private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		this.requests.push(performance.now());
		response.once('close', () => (this.answered += 1));
		// Node would send the machine's time, and these tests have a clock of their own.
		response.setHeader('date', new Date().toUTCString());
		const body = await buffer(request);
		const { plan } = this;
		const isSpared = plan?.createsOnly === true && request.method !== 'POST';
		const begun = this.begun;
		const passes = !plan || !begun || isSpared;
		const scripted = isSpared ? undefined : plan?.before[this.passed];
		if (scripted !== undefined) this.passed += 1;
		if (plan && begun && !isSpared) this.meet();
		this.trust();
		const { answerMs = 0 } = plan ?? {};
		// The clock of the test, which a delay of Node's own would not follow.
		if (answerMs > 0) await new Promise((resolve) => setTimeout(resolve, answerMs));
		if (plan && scripted === 'busy') return tooMany(response, plan.generation);
		const reaches = passes || plan.carriedOut || request.method === 'GET';
		const sound = reaches ? await this.forward(request, body) : likely;
		if (passes) {
			const isLast = scripted !== undefined && this.passed === plan?.before.length;
			const lost = isLast && plan?.loseLast === true;
			if (lost) response.socket?.destroy();
			else response.writeHead(sound.status, { 'content-type': sound.type }).end(sound.body);
			return;
		}
		plan.fault.play?.(response, sound, plan.generation);
	}

	/** What the sandbox answers, with links that lead here. */
	private async forward(request: IncomingMessage, body: Buffer): Promise<Sound> {
		const ofThisHop = ['host', 'connection', 'transfer-encoding'];
		const headers = Object.entries(request.headers)
			.filter(([name]) => !ofThisHop.includes(name))
			.map(([name, value]): [string, string] => [name, String(value)]);
		const answer = await fetch(this.sandbox.url + (request.url ?? '/'), {
			method: request.method,
			headers,
			...(body.length > 0 && { body: new Uint8Array(body) }),
			redirect: 'manual',
		});
		const bytes = Buffer.from(await answer.arrayBuffer());
		const type = answer.headers.get('content-type') ?? '';
		const text = type.includes('json')
			? Buffer.from(bytes.toString().replaceAll(this.sandbox.url, this.url))
			: bytes;
		return { status: answer.status, type, body: text };
	}
}
