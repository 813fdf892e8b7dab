/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createServer, request as httpRequest, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { listen } from '../../sandbox/listen';
import { createCallNode, engineFor, getCallNode, phone } from './twenty2';

/** A proxy that the environment names, as companies have one before the internet. */
class ForwardProxy {
	/** What becomes of a request. */
	does: 'pass on' | 'ask for a password' | 'say 502' | 'cut' | 'pass on and cut' = 'pass on';

	seen: string[] = [];

	private constructor(
		private readonly server: Server,
		readonly url: string,
	) {}

	/** @param target where requests to any host are passed on to */
	static async start(target: string): Promise<ForwardProxy> {
		const server = createServer();
		const proxy = new ForwardProxy(server, `http://127.0.0.1:${await listen(server)}`);
		server.on('connect', (request, client) => {
			proxy.seen.push(`CONNECT ${request.url ?? ''}`);
			client.on('error', () => undefined);
			if (proxy.does === 'cut') return client.destroy();
			const [status, headers] = proxy.answer;
			const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
			client.end(`HTTP/1.1 ${status} No\r\n${lines.join('')}\r\n`);
		});
		server.on('request', (request, response) => {
			proxy.seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
			if (proxy.does === 'cut') return request.socket.destroy();
			if (!proxy.does.startsWith('pass on')) {
				const [status, headers] = proxy.answer;
				response.writeHead(status, { ...headers, 'content-type': 'text/html' });
				return response.end('<html><h1>No</h1></html>');
			}
			const { pathname, search } = new URL(request.url ?? '/', target);
			const { method, headers } = request;
			const passed = httpRequest(target + pathname + search, { method, headers }, (answered) => {
				if (proxy.does === 'pass on and cut') return request.socket.destroy();
				response.writeHead(answered.statusCode ?? 500, answered.headers);
				answered.pipe(response);
			});
			request.pipe(passed);
		});
		return proxy;
	}

	close(): void {
		this.server.close();
		this.server.closeAllConnections();
	}

	private get answer(): [status: number, headers: Record<string, string>] {
		return this.does === 'ask for a password'
			? [407, { 'proxy-authenticate': 'Basic realm="Company"' }]
			: [502, {}];
	}
}

describe('Behind a proxy', () => {
	let sandbox: Sandbox;
	let proxy: ForwardProxy;
	beforeEach(async () => {
		sandbox = await startSandbox();
		proxy = await ForwardProxy.start(sandbox.url);
		for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) {
			vi.stubEnv(name, proxy.url);
		}
		for (const name of ['NO_PROXY', 'no_proxy', 'ALL_PROXY', 'all_proxy']) vi.stubEnv(name, '');
	});
	afterEach(async () => {
		vi.unstubAllEnvs();
		proxy.close();
		await sandbox.close();
	});

	const run = async (url: string, node = createCallNode({ options: { maxRetries: 1 } })) =>
		await engineFor({ url }).run({
			items: [{ phone: phone(1), call_id: 'call_1' }],
			node: { ...node, onError: 'continueErrorOutput' },
		});

	const host = 'http://twenty2.internal';

	it('the person is phoned through a proxy that passes requests on', async () => {
		const { success } = await run(host);
		expect(success[0]?.json).toMatchObject({ call_id: sandbox.seen.calls[0]?.call_id });
		expect(proxy.seen).toEqual([`POST ${host}/v1/calls`]);
	});

	const passwordAsked = {
		code: 'HTTP_407',
		message: 'A proxy on the way to Twenty2 asks n8n for a password: status 407',
		status: 407,
		source: 'n8n',
	};
	const inDoubt = { code: 'OUTCOME_UNKNOWN', source: 'n8n', outcome: 'unknown' };

	it.each([
		['ask for a password', { ...passwordAsked, outcome: 'not_placed' }, {}],
		['say 502', { ...inDoubt, status: 502 }, {}],
		['cut', { ...inDoubt, status: null }, {}],
		['pass on and cut', { ...inDoubt, status: null }, { [phone(1)]: 1 }],
	] as const)(
		'a create through a proxy that does "%s" is sent once',
		async (does, error, placed) => {
			proxy.does = does;
			const { errors } = await run(host);
			expect(errors.map(({ json }) => json.error)).toMatchObject([{ ...error, attempts: 1 }]);
			expect(JSON.stringify(errors)).not.toContain('sandbox-key');
			expect(proxy.seen).toHaveLength(1);
			expect(sandbox.seen.perNumber()).toEqual(placed);
		},
	);

	it.each([
		['ask for a password', passwordAsked, 1],
		['say 502', { code: 'HTTP_502', status: 502 }, 1],
		['cut', { code: 'TIMEOUT', status: null }, 2],
	] as const)('a read through a proxy that does "%s" says so', async (does, error, attempts) => {
		proxy.does = does;
		const { errors } = await run(host, getCallNode({ options: { maxRetries: 1 } }));
		expect(errors.map(({ json }) => json.error)).toMatchObject([{ ...error, attempts }]);
		expect(proxy.seen).toHaveLength(attempts);
	});

	// The node is not told whether there was a tunnel, so it says that nobody was phoned only of the first.
	it.each([
		['ask for a password', { ...passwordAsked, outcome: 'not_placed' }],
		['say 502', { ...inDoubt, status: 502 }],
		['cut', { ...inDoubt, status: null }],
	] as const)(
		'nobody is phoned through a proxy that does "%s" to a tunnel',
		async (does, error) => {
			proxy.does = does;
			const { errors } = await run('https://twenty2.example');
			expect(errors.map(({ json }) => json.error)).toMatchObject([{ ...error, attempts: 1 }]);
			expect(proxy.seen).toEqual(['CONNECT twenty2.example:443']);
			expect(sandbox.seen.requests).toEqual([]);
		},
	);
});
