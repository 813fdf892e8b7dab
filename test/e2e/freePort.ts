/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createServer } from 'node:net';

/** Each process begins elsewhere, below the ephemeral ports of the system, so that two runs do not meet. */
let next = 20_000 + ((process.pid * 97) % 12_000);

const isFree = async (port: number) =>
	await new Promise<boolean>((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
	});

/** A port on loopback that is free now. This process does not give it twice. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = next++;
		if (await isFree(port)) return port;
	}
}
