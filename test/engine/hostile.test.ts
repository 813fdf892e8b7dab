/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { listen } from '../../sandbox/listen';
import type { Run } from './engine';
import { hostileText } from './hostileText';
import { logger } from './n8nCore';
import { createCallNode, engineFor, getCallNode, phone, twenty2Type } from './twenty2';

/*
 * Strings and answers that nobody means well: whatever a row, Twenty2 or something in its place sends, the node
 * comes to a result. `HOSTILE_RUNS` is the number of cases of each property.
 */
const parameters = { numRuns: Number(process.env.HOSTILE_RUNS ?? 100) };

interface Received {
	method: string;
	url: string;
	headers: IncomingHttpHeaders;
	body: string;
}

/** What stands in Twenty2's place answers. */
interface Answer {
	status: number;
	body: string;
	headers: Record<string, string>;
}

const asDocumented: Answer = {
	status: 200,
	body: '{"success":true,"call_id":"call_1","status":"queued","call":{"call_id":"call_1"},"calls":[]}',
	headers: { 'content-type': 'application/json' },
};

let server: Server;
let url: string;
let answer: Answer;
const received: Received[] = [];
const logged: string[] = [];

beforeAll(async () => {
	server = createServer((request, response) => {
		const { method = '', url: target = '', headers } = request;
		void text(request).then((body) => {
			received.push({ method, url: target, headers, body });
			response.writeHead(answer.status, answer.headers);
			response.end(answer.body);
		});
	});
	url = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(() => server.close());

beforeEach(() => {
	answer = asDocumented;
	for (const level of ['debug', 'info', 'warn', 'error'] as const) {
		vi.spyOn(logger, level).mockImplementation((message) => void logged.push(message));
	}
});
afterEach(() => {
	vi.restoreAllMocks();
	expect(Object.keys(Object.prototype)).toEqual([]);
});

/** Part of each key. */
const secret = 'not-to-be-told-';

/** Runs a node with a key that no other case uses, so that a pause of one does not hold the next up. */
async function run(node: ReturnType<typeof createCallNode>, item: IDataObject): Promise<Run> {
	received.length = 0;
	logged.length = 0;
	const own = { apiKey: `${secret}${randomUUID()}`, apiSecret: secret };
	const engine = engineFor({ url }, own);
	return await engine.run({ items: [item], node: { ...node, onError: 'continueErrorOutput' } });
}

const patience = { maxRetries: 0, giveUpAfterSeconds: 0, requestTimeoutSeconds: 5 };

/** Any JSON, with the keys that pollute prototypes. */
const json = fc
	.tuple(fc.jsonValue({ maxDepth: 3 }), hostileText, fc.boolean())
	.map(([value, key, nested]) =>
		nested ? JSON.stringify({ [key]: value }) : JSON.stringify(value),
	);

const polluting = fc.constantFrom(
	'{"__proto__":{"polluted":1}}',
	'{"constructor":{"prototype":{"polluted":1}}}',
	'{"success":true,"call_id":"call_1","__proto__":{"polluted":1}}',
	'{"success":false,"error":{"code":"__proto__","message":{"toString":1}}}',
	'{"success":false,"error":{"code":"INVALID_NUMBER","message":"x","status":"constructor"}}',
	'{"success":false,"validationErrors":{"__proto__":["x"],"constructor":["y"]},"statusCode":422}',
);

/** Headers that the node's requests may have. */
const knownHeaders = [
	...['accept', 'accept-encoding', 'authorization', 'connection', 'content-length', 'content-type'],
	...['host', 'idempotency-key', 'user-agent', 'x-workspace-id'],
];

function checkRequests(paths: RegExp): void {
	for (const { method, url: target, headers } of received) {
		expect(`${method} ${target}`).toMatch(paths);
		expect(headers.host).toBe(new URL(url).host);
		expect(Object.keys(headers).filter((name) => !knownHeaders.includes(name))).toEqual([]);
	}
}

/** One item came out, with a result that has a code of its own, and nothing tells a secret. */
function checkResult(result: Run, numbers: string[] = []): void {
	expect(result.status).toBe('success');
	for (const { json: item } of result.errors) {
		const { code, message } = Object(item.error);
		expect(code).toMatch(/./);
		// A fault of the node.
		expect(`${code} ${message}`).not.toMatch(/^UNEXPECTED/);
	}
	const told = JSON.stringify([result.errors.map((item) => item.json.error), result.hints, logged]);
	expect(told).not.toContain(secret);
	for (const number of numbers) expect(told).not.toContain(number);
	expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
}

it('hostile input in any field of Create Call leads to one result, and to no other path or header', async () => {
	const fields = fc.record({
		assistantId: fc.oneof(fc.constant('asst_demo'), hostileText),
		fromNumber: fc.oneof(fc.constant('+917971441943'), hostileText),
		toNumber: fc.oneof(fc.constant(phone(1)), hostileText),
		name: hostileText,
		value: fc.oneof(hostileText, json),
		additionalBodyFields: fc.oneof(fc.constant('{}'), json, polluting, hostileText),
		deduplicationKey: fc.option(hostileText, { nil: undefined }),
		authentication: fc.constantFrom('apiKey', 'workspace'),
		asJson: fc.boolean(),
	});
	await fc.assert(
		fc.asyncProperty(fields, async (given) => {
			const { deduplicationKey, authentication, asJson } = given;
			const keyed = deduplicationKey !== undefined && {
				deduplicationKey: '={{ $json.deduplicationKey }}',
			};
			const node = createCallNode({
				authentication,
				assistantId: '={{ $json.assistantId }}',
				fromNumber: '={{ $json.fromNumber }}',
				toNumber: '={{ $json.toNumber }}',
				specifyInputParameters: asJson ? 'json' : 'fields',
				inputParameters: {
					parameter: [{ name: '={{ $json.name }}', value: '={{ $json.value }}' }],
				},
				inputParametersJson: '={{ $json.value }}',
				options: {
					...patience,
					...keyed,
					additionalBodyFields: '={{ $json.additionalBodyFields }}',
				},
			});
			const result = await run(node, given);
			checkResult(result);
			checkRequests(/^POST \/(?:v1\/calls|api\/agent\/trigger-outbound-call)$/);
			for (const { body } of received) expect(() => JSON.parse(body)).not.toThrow();
		}),
		parameters,
	);
});

it('hostile input in Call ID leads to one call of that ID, or to none', async () => {
	await fc.assert(
		fc.asyncProperty(
			hostileText,
			fc.constantFrom('apiKey', 'workspace'),
			async (callId, authentication) => {
				const node = getCallNode({
					authentication,
					callId: '={{ $json.callId }}',
					options: patience,
				});
				checkResult(await run(node, { callId }));
				checkRequests(/^GET \/(?:v1\/calls\/[^/?#]+|api\/call\/detail\?call_id=[^&#]*)$/);
				for (const { url: target } of received) {
					const { pathname, searchParams } = new URL(target, url);
					const id =
						searchParams.get('call_id') ?? decodeURIComponent(pathname.replace('/v1/calls/', ''));
					expect(id).toBe(callId.trim());
				}
			},
		),
		parameters,
	);
});

it('hostile input in Query Parameters stays in the query', async () => {
	await fc.assert(
		fc.asyncProperty(hostileText, hostileText, async (name, value) => {
			const node = {
				type: twenty2Type,
				name: 'Twenty2',
				credentials: 'twenty2WorkspaceApi',
				parameters: {
					authentication: 'workspace',
					operation: 'getManyCalls',
					queryParameters: {
						parameter: [{ name: '={{ $json.name }}', value: '={{ $json.value }}' }],
					},
					options: { maxRetries: 0, giveUpAfterSeconds: 0 },
				},
			};
			checkResult(await run(Object.assign(createCallNode(), node), { name, value }), []);
			checkRequests(/^GET \/api\/call\/logs(?:\?[^#]*)?$/);
		}),
		parameters,
	);
});

describe('A hostile answer', () => {
	const bodies = fc.oneof(json, polluting, hostileText);
	const headers = fc.record({
		'content-type': fc.constantFrom('application/json', 'text/html', 'application/octet-stream'),
		'retry-after': fc.oneof(
			fc.integer().map(String),
			fc.double().map(String),
			fc.string({ maxLength: 30 }).map((value) => value.replace(/[^\x21-\x7e]/g, '')),
			fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
		),
		location: fc.constantFrom('http://evil.example', '//evil.example', '/elsewhere'),
	});
	const answers = fc.record({ status: fc.integer({ min: 200, max: 599 }), body: bodies, headers });
	/** Statuses that have no body. */
	const withBody = answers.filter(({ status }) => ![204, 205, 304].includes(status));

	it('a hostile answer to a create has one result', async () => {
		await fc.assert(
			fc.asyncProperty(withBody, async (given) => {
				answer = given;
				const result = await run(createCallNode({ options: patience }), { phone: phone(1) });
				checkResult(result, [phone(1), phone(1).slice(1), phone(1).slice(3)]);
				expect(received).toHaveLength(1);
				const [placed] = result.success;
				if (placed) expect(JSON.parse(given.body)).toMatchObject({ call_id: placed.json.call_id });
				else expect(Object(result.errors[0]?.json.error).outcome).toMatch(/^(not_placed|unknown)$/);
			}),
			parameters,
		);
	});

	it.each(['apiKey', 'workspace'])(
		'a hostile answer to a look has one result (%s)',
		async (authentication) => {
			await fc.assert(
				fc.asyncProperty(withBody, async (given) => {
					answer = given;
					const node = getCallNode({ authentication, callId: 'call_1', options: patience });
					checkResult(await run(node, {}));
					expect(received).toHaveLength(1);
				}),
				parameters,
			);
		},
	);
});
