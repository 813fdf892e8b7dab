/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createServer } from 'node:http';
import { connect } from 'node:net';

import { listen } from '../../sandbox/listen';

/** An HTTP CONNECT proxy on loopback. */
export interface ConnectProxy {
	url: string;
	close(): void;
}

/** Starts a proxy that connects one host name to a port on loopback, and refuses all other hosts. */
export async function startConnectProxy(host: string, port: number): Promise<ConnectProxy> {
	const server = createServer();
	server.on('connect', ({ url }, client) => {
		client.on('error', () => client.destroy());
		if (url !== `${host}:443`) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
		const target = connect(port, '127.0.0.1', () => {
			client.write('HTTP/1.1 200 Connection established\r\n\r\n');
			client.pipe(target).pipe(client);
		});
		target.on('error', () => client.destroy());
		client.on('close', () => target.destroy());
	});
	const listeningAt = await listen(server);
	return {
		url: `http://127.0.0.1:${listeningAt}`,
		close: () => server.close(),
	};
}
