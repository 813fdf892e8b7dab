/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import * as z from 'zod/v4';

import { listen } from '../../sandbox/listen';
import { hostileText } from './hostileText';
import { logger } from './n8nCore';
import { startTrigger, type Trigger } from './startTrigger';
import { phone } from './twenty2';

/*
 * Deliveries that nobody means well: whatever comes, the webhook answers, and nothing starts that Twenty2
 * does not confirm. `HOSTILE_RUNS` is the number of cases of each property.
 */
const parameters = { numRuns: Number(process.env.HOSTILE_RUNS ?? 100) };

interface Requested {
	method: string;
	url: string;
	host: string | undefined;
}

let server: Server;
let twenty2: string;
/** The status of every call at Twenty2. */
let status: 'completed' | 'failed' = 'failed';
const requested: Requested[] = [];
const logged: string[] = [];
const triggers: Trigger[] = [];

beforeAll(async () => {
	server = createServer((request, response) => {
		const { method = '', url = '', headers } = request;
		requested.push({ method, url, host: headers.host });
		response.writeHead(200, { 'content-type': 'application/json' });
		response.end(JSON.stringify({ success: true, call: { call_id: 'call_1', status } }));
	});
	twenty2 = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(() => server.close());

beforeEach(() => {
	for (const level of ['debug', 'info', 'warn', 'error'] as const) {
		vi.spyOn(logger, level).mockImplementation((message) => void logged.push(message));
	}
});
afterEach(() => {
	vi.restoreAllMocks();
	for (const trigger of triggers.splice(0)) trigger.close();
	requested.length = 0;
	logged.length = 0;
	expect(Object.keys(Object.prototype)).toEqual([]);
});

const key = 'key-not-to-be-told';
const secret = 'secret-not-to-be-told';

async function newTrigger({ verified = true } = {}): Promise<Trigger> {
	const account = { apiKey: key, baseUrl: twenty2, concurrentCalls: 3 };
	const trigger = await startTrigger({
		baseUrl: twenty2,
		// With a secret, events are verified only where that is switched on.
		parameters: { options: { secret, ...(verified && { verify: true }) } },
		credentials: verified ? { twenty2Api: { ...account, requestsPerMinute: 1_000_000 } } : {},
	});
	triggers.push(trigger);
	return trigger;
}

type Headers = Record<string, string>;

/** Posts a body as it is, with headers that `fetch` would refuse. */
async function post(trigger: Trigger, body: string, headers: Headers = {}, query = secret) {
	const sent = httpRequest(`${trigger.url}?${String(new URLSearchParams({ secret: query }))}`, {
		method: 'POST',
		agent: false,
		headers: { 'content-type': 'application/json', ...headers },
	});
	sent.end(body);
	const [response] = z
		.tuple([z.custom<NodeJS.ReadableStream & { statusCode: number }>()])
		.parse(await once(sent, 'response'));
	const content = await text(response);
	return { status: response.statusCode, content };
}

const polluting = [
	'{"__proto__":{"polluted":1}}',
	'{"constructor":{"prototype":{"polluted":1}}}',
	'[{"__proto__":{"polluted":1}}]',
];

/** JSON text of any shape. */
const json = fc.oneof(
	fc.json({ maxDepth: 3 }),
	fc.constantFrom(...polluting),
	hostileText.map((value) => JSON.stringify(value)),
);

const object = (fields: Record<string, string>) =>
	`{${Object.entries(fields)
		.map(([name, value]) => `${JSON.stringify(name)}:${value}`)
		.join()}}`;

/** An event about whose call Twenty2 says otherwise, with one field, or the whole body, of another shape. */
const events = fc
	.record({
		event: fc.constantFrom('call.completed', 'call.failed'),
		callId: fc.oneof(fc.constant('call_1'), hostileText),
		status: hostileText,
		extra: json,
		name: hostileText,
		where: fc.constantFrom('body', 'call', 'contact', 'event_id', 'assistant_id', 'recording'),
	})
	.map(({ event, callId, status: told, extra, name, where }) => {
		const call = {
			call_id: JSON.stringify(callId),
			status: JSON.stringify(told),
			to_number: JSON.stringify(phone(1)),
			...(where === 'call' && { [name]: extra }),
		};
		const fields = {
			event: JSON.stringify(event),
			event_id: JSON.stringify(`evt_${randomUUID()}`),
			call: object(call),
			contact: object({ phone: JSON.stringify(phone(1)) }),
			...(where === 'body' ? { [name]: extra } : where !== 'call' && { [where]: extra }),
		};
		return { event, text: object(fields) };
	});

const headers = fc.record(
	{
		'content-type': fc.constantFrom(
			...['application/json', 'application/json; charset=utf-7', 'APPLICATION/JSON', 'text/plain'],
			...['application/x-www-form-urlencoded', 'multipart/form-data', 'image/png', '', ';', 'x'],
		),
		'x-forwarded-host': fc.constantFrom('evil.example', '::1', ' '),
		authorization: fc.constantFrom('Bearer x', 'Basic !!!', 'undefined'),
		cookie: fc.string({ unit: fc.constantFrom('a', '=', ';', '\t', '\xff', '%'), maxLength: 50 }),
		'x-odd': fc.string({ unit: fc.constantFrom('a', ',', '"', '\t', '\xe9'), maxLength: 2_000 }),
	},
	{ requiredKeys: [] },
);

/** Nothing was told, and no request went anywhere but to the calls of Twenty2. */
function check(answers: string[], { staticData }: Trigger): void {
	for (const { method, url, host } of requested) {
		expect(`${method} ${url}`).toMatch(/^GET \/v1\/calls\/[^/?#]+$/);
		expect(url).not.toMatch(/\/\.{1,2}$/);
		expect(host).toBe(new URL(twenty2).host);
	}
	const told = JSON.stringify([answers, logged, staticData]);
	for (const hidden of [key, secret, phone(1), phone(1).slice(1), phone(1).slice(3)]) {
		expect(told).not.toContain(hidden);
	}
	for (const line of logged) expect(line).not.toMatch(/[\r\n]/);
	expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
	requested.length = 0;
	logged.length = 0;
}

it('a hostile delivery of any JSON is answered, and starts nothing that Twenty2 contradicts', async () => {
	const trigger = await newTrigger();
	let contradicted = 0;
	await fc.assert(
		fc.asyncProperty(
			fc.oneof(
				events,
				json.map((body) => ({ event: 'none', text: body })),
			),
			headers,
			async (given, sent) => {
				status = given.event === 'call.completed' ? 'failed' : 'completed';
				const answer = await post(trigger, given.text, sent);
				await trigger.quiet();
				expect([200, 400, 422]).toContain(answer.status);
				if (answer.status === 200) contradicted++;
				expect(trigger.started).toEqual([]);
				expect(trigger.failed).toEqual([]);
				check([answer.content], trigger);
			},
		),
		parameters,
	);
	expect(contradicted).toBeGreaterThan(0);
});

it('a hostile delivery that no credential verifies starts the workflow with the body, or with nothing', async () => {
	const trigger = await newTrigger({ verified: false });
	// A repeat is answered 200, and starts nothing. Any text can be the ID of two events.
	const taken = new Set<string>();
	await fc.assert(
		fc.asyncProperty(events, headers, async (given, sent) => {
			const answer = await post(trigger, given.text, sent);
			await trigger.quiet();
			expect([200, 400, 422]).toContain(answer.status);
			const { event_id: id, event, call } = Object(JSON.parse(given.text));
			if (answer.status === 200) taken.add(JSON.stringify([id, event, Object(call).call_id]));
			expect(trigger.started).toHaveLength(taken.size);
			expect(trigger.failed).toEqual([]);
			check([answer.content], trigger);
		}),
		parameters,
	);
	expect(trigger.started.length).toBeGreaterThan(0);
});

it('a hostile delivery without the secret is turned away, whatever it brings', async () => {
	const trigger = await newTrigger();
	await fc.assert(
		fc.asyncProperty(events, headers, hostileText, async (given, sent, query) => {
			const answer = await post(trigger, given.text, sent, query);
			// n8n itself says 422 to an encoding that it does not know.
			expect([401, 422]).toContain(answer.status);
			expect(requested).toEqual([]);
			check([answer.content], trigger);
		}),
		parameters,
	);
	expect(trigger.started).toEqual([]);
});

const deep = (open: string, close: string, depth = 10_000) =>
	open.repeat(depth) + '1' + close.repeat(depth);

const event = (more: Record<string, string> = {}) =>
	object({
		event: '"call.completed"',
		event_id: JSON.stringify(`evt_${randomUUID()}`),
		call: object({ call_id: '"call_1"', status: '"completed"', ...more }),
		...more,
	});

it.each([
	['a list in a list, 10,000 times', deep('[', ']')],
	['an object in an object, 10,000 times', deep('{"a":', '}')],
	['prototypes, 10,000 deep', deep('{"__proto__":', '}')],
	['a text of 1 MB', JSON.stringify('x'.repeat(1_000_000))],
	['a list of 200,000 numbers', `[${'1,'.repeat(200_000)}1]`],
	['an object of 20,000 fields', object(Object.fromEntries(manyFields(20_000)))],
])(
	'a huge delivery with %s is answered, alone and in every field of an event',
	async (_, value) => {
		const trigger = await newTrigger();
		status = 'failed';
		const fields = ['event', 'event_id', 'assistant_id', 'call', 'contact', 'recording'];
		const bodies = [
			value,
			...fields.map((name) => event({ [name]: value })),
			...['call_id', 'status', 'disconnection_reason'].map((name) => event({ [name]: value })),
		];
		for (const body of bodies) {
			const answer = await post(trigger, body);
			expect([200, 400]).toContain(answer.status);
			expect(answer.content.length).toBeLessThan(1_000);
			check([answer.content], trigger);
		}
		await trigger.quiet();
		expect(trigger.started).toEqual([]);
		expect(trigger.failed).toEqual([]);
	},
);

it('a huge delivery takes time that grows with its size, not faster', async () => {
	const trigger = await newTrigger();
	status = 'failed';
	const took = async (size: number) => {
		const body = event({ contact: JSON.stringify('x'.repeat(size)), status: '"\\u0000"' });
		const times: number[] = [];
		for (let n = 0; n < 15; n++) {
			const from = performance.now();
			await post(trigger, body);
			times.push(performance.now() - from);
		}
		return Math.min(...times);
	};
	await took(1_000);
	const [small, large] = [await took(100_000), await took(1_000_000)];
	// Linear is at most 10. Quadratic would be 100.
	expect(large / small).toBeLessThan(40);
});

function manyFields(count: number): Array<[string, string]> {
	return Array.from({ length: count }, (_, n) => [`field_${n}`, '{}']);
}
