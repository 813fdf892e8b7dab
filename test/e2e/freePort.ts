import { createServer } from 'node:net';

/** Each test process has its own range, below the ephemeral ports of the system. */
let next = 26_000 + 1_000 * Number(process.env.VITEST_POOL_ID ?? 0);

const isFree = async (port: number) =>
	await new Promise<boolean>((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
	});

/** A free port on loopback. No other test process gets the same one. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = next++;
		if (await isFree(port)) return port;
	}
}
