/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { ICredentialTestFunctions, IDataObject } from 'n8n-workflow';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { startSandbox, type Sandbox } from '../../sandbox';
import { core } from './n8nCore';
import { createCallNode, engineFor, getCallNode, phone } from './twenty2';

const continued = { onError: 'continueRegularOutput' } as const;

const once = { maxRetries: 0, requestTimeoutSeconds: 1 };

let sandbox: Sandbox;
let closedAt: number | undefined;
beforeEach(async () => {
	closedAt = undefined;
	sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
});
afterEach(() => sandbox.close());

/** A body that comes in parts. */
const streamed = (parts: AsyncGenerator<string>) => {
	const body = Readable.from(parts);
	body.once('close', () => (closedAt = performance.now()));
	return body;
};

/** An answer whose bytes come so slowly that it takes four seconds. */
async function* dripping(text: string) {
	const part = Math.ceil(text.length / 40);
	for (let at = 0; at < text.length; at += part) {
		yield text.slice(at, at + part);
		await sleep(100);
	}
}

/** A JSON object that never ends. */
async function* endless() {
	yield '{"success":true,"call_id":"call_1","status":"queued","more":"';
	for (;;) {
		yield 'x'.repeat(65_536);
		await sleep(1);
	}
}

const answer = (body: unknown, headers: Record<string, string> = {}) =>
	({
		kind: 'answer',
		status: 200,
		headers: { 'content-type': 'application/json', ...headers },
		body,
		times: 1,
	}) as const;

const call = { success: true, call_id: 'call_1', status: 'completed' };

/** A call's answer of about this number of bytes. */
const ofBytes = (bytes: number) =>
	JSON.stringify({ ...call, output_parameters: { notes: 'x'.repeat(bytes) } });

const create = async (options: IDataObject = once) => {
	const run = await engineFor(sandbox).run({
		items: [{ phone: phone(0) }],
		node: createCallNode({ options }, continued),
	});
	return run.success[0]?.json;
};

const read = async (options: IDataObject = once) => {
	const run = await engineFor(sandbox).run({
		items: [{ call_id: 'call_1' }],
		node: getCallNode({ options }, continued),
	});
	return run.success[0]?.json;
};

const timed = async <T>(work: () => Promise<T>) => {
	const from = performance.now();
	return { result: await work(), seconds: (performance.now() - from) / 1_000 };
};

const placed = { ...answer(''), places: true };

it('an answer to a create that takes too long leaves the outcome unknown, and its connection closes', async () => {
	const body = streamed(dripping(JSON.stringify({ ...call, message: 'x'.repeat(100) })));
	sandbox.behave(phone(0), { ...placed, body });
	const { result, seconds } = await timed(create);
	expect(result?.error).toMatchObject({
		code: 'OUTCOME_UNKNOWN',
		message: `No answer from ${sandbox.url} within 1 seconds`,
		status: null,
		outcome: 'unknown',
		attempts: 1,
	});
	expect(seconds).toBeLessThan(3);
	await expect.poll(() => closedAt).toBeDefined();
	expect(sandbox.seen.calls).toHaveLength(1);
});

const isTooLong = 'Twenty2 answered with something unexpected: it is longer than 1 MB';

it.each([
	['endless', () => streamed(endless())],
	['of 50 MB', () => ofBytes(50_000_000)],
	['of 50 MB, compressed', () => gzipSync(ofBytes(50_000_000))],
])(
	'an endless answer to a create leaves the outcome unknown, and nothing is redialled (%s)',
	async (_, body) => {
		const headers = { 'content-type': 'application/json' };
		const coded = Buffer.isBuffer(body()) ? { ...headers, 'content-encoding': 'gzip' } : headers;
		sandbox.behave(phone(0), { ...placed, headers: coded, body: body() });
		const json = await create({});
		expect(json).toMatchObject({
			error: expect.objectContaining({
				code: 'INVALID_RESPONSE',
				message: isTooLong,
				status: 200,
				outcome: 'unknown',
				attempts: 1,
			}),
		});
		expect(sandbox.seen.calls).toHaveLength(1);
	},
);

it('the connection of an endless answer closes, also where it comes to a standstill', async () => {
	const body = new Readable({ read: () => undefined });
	body.push('x'.repeat(1_100_000));
	let closed = false;
	body.once('close', () => (closed = true));
	sandbox.behaveReads('*', answer(body));
	expect((await read({}))?.error).toMatchObject({ code: 'INVALID_RESPONSE' });
	await expect.poll(() => closed).toBe(true);
});

it.each([
	['compressed', gzipSync(JSON.stringify(call)), { 'content-encoding': 'gzip' }],
	['with a byte order mark', `\uFEFF${JSON.stringify(call)}`, {}],
	['as plain text', JSON.stringify(call), { 'content-type': 'text/plain' }],
])('an answer is read as it was: %s', async (_, body, headers) => {
	sandbox.behaveReads('*', answer(body, headers));
	expect(await read()).toMatchObject({ call_id: 'call_1' });
});

const n8n: ICredentialTestFunctions = new core.CredentialTestContext();
const { testApiKey } = new Twenty2().methods.credentialTest;
const test = async () =>
	await testApiKey.call(n8n, {
		id: '1',
		name: 'Twenty2',
		type: 'twenty2Api',
		data: {
			apiKey: 'sandbox-key',
			baseUrl: sandbox.url,
			requestsPerMinute: 60,
			concurrentCalls: 3,
		},
	});

it('the connection test does not read an endless answer', async () => {
	sandbox.behaveReads('*', answer(streamed(endless())));
	expect(await test()).toMatchObject({
		status: 'Error',
		message: expect.stringContaining('does not answer as Twenty2 does (status 200)'),
	});
	await expect.poll(() => closedAt).toBeDefined();
});
