import { createServer } from 'node:http';
import { connect } from 'node:net';
import * as z from 'zod/v4';

const address = z.object({ port: z.number() });

/** A proxy that leads to one host, which is on loopback in truth, and to no other. */
export interface OnlyWayOut {
	url: string;
	close(): void;
}

export async function startOnlyWayOut(host: string, port: number): Promise<OnlyWayOut> {
	const server = createServer();
	server.on('connect', ({ url }, client) => {
		client.on('error', () => client.destroy());
		if (url !== `${host}:443`) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
		const there = connect(port, '127.0.0.1', () => {
			client.write('HTTP/1.1 200 Connection established\r\n\r\n');
			client.pipe(there).pipe(client);
		});
		there.on('error', () => client.destroy());
		client.on('close', () => there.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${address.parse(server.address()).port}`,
		close: () => server.close(),
	};
}
