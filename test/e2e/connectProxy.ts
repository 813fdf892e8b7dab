/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import * as z from 'zod/v4';

const address = z.object({ port: z.number() });

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
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${address.parse(server.address()).port}`,
		close: () => server.close(),
	};
}
