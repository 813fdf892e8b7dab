/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/v4';

/** What n8n says then (`abstract-server.js`). */
const notReady = 'Database is not ready';

const envelope = z.object({ data: z.unknown() });

export interface Answer {
	status: number;
	body: unknown;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/**
 * Repeats an attempt every 100 ms until its result is not undefined.
 * @param what is named in the error
 * @throws Error when `seconds` have passed
 */
export async function eventually<T>(
	what: string,
	seconds: number,
	attempt: () => Promise<T | undefined>,
): Promise<T> {
	const deadline = Date.now() + seconds * 1000;
	for (;;) {
		const result = await attempt();
		if (result !== undefined) return result;
		if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
		await delay(100);
	}
}

const fetchFailure = z.object({ cause: z.object({ code: z.string() }) });

const codeOf = (reason: unknown) => fetchFailure.safeParse(reason).data?.cause.code;

/** A client of the internal REST API that n8n's editor uses. It keeps the session's cookie. */
export class RestClient {
	private cookie = '';

	constructor(readonly baseUrl: string) {}

	/**
	 * Sends a request. A busy n8n refuses all requests while its database is slow, before it looks at them,
	 * and closes connections that it kept, so these are sent again; after a closed connection only what reads.
	 * @returns the answer, whatever its status
	 */
	async send(method: string, path: string, body?: unknown): Promise<Answer> {
		return await eventually(`The database of n8n for ${method} ${path}`, 120, async () => {
			const answer = await this.sendOnce(method, path, body).catch((reason: unknown) => {
				if (method === 'GET' && codeOf(reason) === 'ECONNRESET') return undefined;
				throw reason;
			});
			if (answer === undefined) return undefined;
			const isRefused = answer.status === 503 && JSON.stringify(answer.body).includes(notReady);
			return isRefused ? undefined : answer;
		});
	}

	private async sendOnce(method: string, path: string, body: unknown): Promise<Answer> {
		const response = await fetch(`${this.baseUrl}${path}`, {
			method,
			headers: {
				'content-type': 'application/json',
				'browser-id': 'e2e',
				...(this.cookie && { cookie: this.cookie }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		const [cookie] = response.headers.getSetCookie();
		if (cookie !== undefined) this.cookie = cookie.split(';')[0] ?? '';
		return { status: response.status, body: parsed(text) };
	}

	/** Sends a request. @returns the `data` of the answer @throws Error for a status of 300 or more */
	async call<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
		const answer = await this.send(method, `/rest${path}`, body);
		if (answer.status >= 300) {
			const text = JSON.stringify(answer.body).slice(0, 2000);
			throw new Error(`${method} /rest${path} was answered ${answer.status}: ${text}`);
		}
		return schema.parse(envelope.parse(answer.body).data);
	}
}
