/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { Server } from 'node:net';

/** The ports that servers of this process have had. */
const used = new Set<number>();

/**
 * Listens on 127.0.0.1. A client keeps what it has learned of an address, so a port that the system
 * chooses is never one that an earlier server of this process had.
 * @param port 0 lets the system choose
 * @returns the port
 * @throws Error when the port is taken
 */
export async function listen(server: Server, port = 0): Promise<number> {
	for (;;) {
		await new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen(port, '127.0.0.1', resolve);
		});
		const address = server.address();
		if (address === null || typeof address === 'string') throw new Error('No TCP port');
		if (port !== 0 || !used.has(address.port)) {
			used.add(address.port);
			return address.port;
		}
		await new Promise((resolve) => server.close(resolve));
	}
}
