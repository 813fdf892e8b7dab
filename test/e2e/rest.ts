import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/v4';

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

/** Tries until `attempt` gives something, but not for ever. */
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

/** n8n's internal REST API, the one its editor uses, as one signed-in browser. */
export class RestClient {
	private cookie = '';

	constructor(readonly baseUrl: string) {}

	/** Any answer, whatever its status. */
	async send(method: string, path: string, body?: unknown): Promise<Answer> {
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

	/** What a successful answer carries. */
	async call<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
		const answer = await this.send(method, `/rest${path}`, body);
		if (answer.status >= 300) {
			const said = JSON.stringify(answer.body).slice(0, 2000);
			throw new Error(`${method} /rest${path} was answered ${answer.status}: ${said}`);
		}
		return schema.parse(envelope.parse(answer.body).data);
	}
}
