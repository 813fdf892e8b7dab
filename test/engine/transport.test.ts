/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
} from 'n8n-workflow';
import { createServer, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, vi } from 'vitest';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Failure } from '../../nodes/Twenty2/api/failure';
import { sendThrough, type HttpRequest } from '../../nodes/Twenty2/api/transport';
import { listen } from '../../sandbox/listen';
import { createEngine } from './engine';
import { StoredCredentials } from './storedCredentials';

const read = {
	safe: true,
	dials: false,
	method: 'GET',
	path: '/calls',
	timeoutMs: 10_000,
} as const;
const create = { ...read, safe: false, dials: true, method: 'POST' } as const;

const onEnd: Array<() => void> = [];
afterEach(() => onEnd.splice(0).forEach((end) => end()));

/** A Twenty2, and what it was asked. */
async function listening(answer: RequestListener) {
	const requests: Array<{ url?: string; method?: string; headers: object; body: string }> = [];
	const server = createServer((request, response) => {
		const { url, method, headers } = request;
		void text(request).then((body) => {
			requests.push({ url, method, headers, body });
			answer(request, response);
		});
	});
	const port = await listen(server);
	onEnd.push(() => {
		server.closeAllConnections();
		server.close();
	});
	return { url: `http://127.0.0.1:${port}`, requests };
}

/** Sends a request out of an execution. */
async function start(baseUrl: string, request: HttpRequest) {
	let result: unknown;
	const sender: INodeType = {
		description: {
			displayName: 'Sender',
			name: 'sender',
			group: ['transform'],
			version: 1,
			description: 'Sends a request',
			defaults: { name: 'Sender' },
			inputs: [NodeConnectionTypes.Main],
			outputs: [NodeConnectionTypes.Main],
			credentials: [{ name: 'twenty2Api' }],
			properties: [],
		},
		async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
			const credential = await this.getCredentials('twenty2Api');
			const send = sendThrough(this, 'twenty2Api', credential, baseUrl);
			result = await send(request).catch((error: unknown) => error);
			return [[]];
		},
	};
	const limits = { requestsPerMinute: 60, concurrentCalls: 3 };
	const engine = createEngine({
		nodeTypes: { 'test.sender': sender },
		credentialTypes: [new Twenty2Api()],
		credentials: { twenty2Api: { apiKey: 'sandbox-key', baseUrl, ...limits } },
	});
	const node = { type: 'test.sender', credentials: 'twenty2Api' };
	const running = await engine.start({ items: [{}], node });
	return {
		cancel: () => running.cancel(),
		/** Also after Stop, which ends the execution before. */
		resultOf: async () => {
			await expect.poll(() => result).toBeDefined();
			return result;
		},
	};
}

const sent = async (baseUrl: string, request: HttpRequest) =>
	await (await start(baseUrl, request)).resultOf();

const fieldsOf = (result: unknown) => (result instanceof Failure ? result.fields : result);

const json = { 'content-type': 'application/json' };

it('a request is signed with the credential, and has what it was given', async () => {
	const { url, requests } = await listening((_, response) => response.end('{}'));
	const headers = { 'Idempotency-Key': 'entry_1' };
	await sent(url, { ...create, headers, body: { to_number: '+91' } });
	await sent(`${url}/below`, { ...read, query: { page: '2' } });
	expect(requests).toMatchObject([
		{
			method: 'POST',
			url: '/calls',
			headers: {
				authorization: 'Bearer sandbox-key',
				'idempotency-key': 'entry_1',
				accept: 'application/json',
				'content-type': expect.stringContaining('application/json'),
			},
			body: '{"to_number":"+91"}',
		},
		{ method: 'GET', url: '/below/calls?page=2', body: '' },
	]);
});

it('a request does not have n8n read the credential again', async () => {
	const { url, requests } = await listening((_, response) => response.end('{}'));
	const reading = vi.spyOn(StoredCredentials.prototype, 'getDecrypted');
	await sent(url, read);
	expect(requests).toHaveLength(1);
	expect(reading).toHaveBeenCalledTimes(1);
	reading.mockRestore();
});

it.each([200, 302, 404, 503])(
	'a request is answered with a %i, whatever that is',
	async (status) => {
		const date = 'Fri, 22 May 2026 07:00:20 GMT';
		const { url, requests } = await listening((_, response) =>
			response
				.writeHead(status, { ...json, location: '/elsewhere', 'retry-after': '5', date })
				.end('{"call_id":"call_1"}'),
		);
		expect(await sent(url, read)).toEqual({
			status,
			retryAfter: '5',
			date,
			body: { call_id: 'call_1' },
		});
		expect(requests).toHaveLength(1);
	},
);

it('a request is answered with text where that is no JSON', async () => {
	const { url } = await listening((_, response) => response.writeHead(200, json).end('<html>'));
	expect(await sent(url, read)).toMatchObject({ status: 200, body: '<html>' });
});

it('a request is answered in bounded length', async () => {
	const { url } = await listening((_, response) => response.end('"12345678"'));
	expect(await sent(url, { ...read, maxBytes: 9 })).toMatchObject({ longerThan: 9 });
	expect(await sent(url, { ...read, maxBytes: 10 })).toMatchObject({ body: '12345678' });
	const long = await listening((_, response) => response.end('1'.repeat(1_000_001)));
	expect(await sent(long.url, read)).toMatchObject({ status: 200, longerThan: 1_000_000 });
});

const hang: RequestListener = (_, response) => {
	response.writeHead(200, json).write('{');
};

it.each([
	[read, { code: 'TIMEOUT' }],
	[create, { code: 'OUTCOME_UNKNOWN', outcome: 'unknown' }],
])(
	'a request that is not answered in time is cut, and says what that means',
	async (request, meaning) => {
		let closed = false;
		const { url } = await listening((asked, response) => {
			response.once('close', () => (closed = true));
			hang(asked, response);
		});
		const fields = fieldsOf(await sent(url, { ...request, timeoutMs: 300 }));
		expect(fields).toEqual({
			...meaning,
			message: `No answer from ${url} within 0.3 seconds`,
			description: expect.any(String),
			status: null,
			source: 'n8n',
			attempts: 0,
		});
		await expect.poll(() => closed).toBe(true);
	},
);

it('a request whose connection ended says so', async () => {
	const { url } = await listening((request) => request.socket.destroy());
	expect(fieldsOf(await sent(url, create))).toMatchObject({
		code: 'OUTCOME_UNKNOWN',
		message: `The connection to ${url} ended before the answer`,
	});
});

it('a request to an address where nobody listens was not sent', async () => {
	const { url } = await listening(() => undefined);
	onEnd.splice(0).forEach((end) => end());
	expect(fieldsOf(await sent(url, create))).toMatchObject({
		code: 'NETWORK_ERROR',
		message: `Twenty2 was not reached at ${url}: nothing answers there`,
		outcome: 'not_placed',
	});
});

it('a request that is safe is cut by Stop', async () => {
	let closed = false;
	const { url, requests } = await listening((asked, response) => {
		response.once('close', () => (closed = true));
		hang(asked, response);
	});
	const running = await start(url, read);
	await expect.poll(() => requests.length).toBe(1);
	running.cancel();
	await expect.poll(() => closed).toBe(true);
});

it('a request that may have been carried out is not cut by Stop', async () => {
	let answer = () => {};
	const { url, requests } = await listening((_, response) => {
		answer = () => void response.writeHead(200, json).end('{"call_id":"call_1"}');
	});
	const running = await start(url, create);
	await expect.poll(() => requests.length).toBe(1);
	running.cancel();
	answer();
	expect(await running.resultOf()).toMatchObject({ body: { call_id: 'call_1' } });
});
