/* eslint-disable @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/v4';

const listening = z.object({ url: z.string() });
const self = fileURLToPath(import.meta.url);

/** Places every call at once: as little of a Twenty2 as a node can do with. */
function serve(): void {
	let calls = 0;
	const server = createServer((request, response) => {
		request.resume().once('end', () => {
			const call_id = `call_${String(++calls).padStart(12, '0')}`;
			const body = { success: true, call_id, status: 'queued', message: 'Call queued' };
			response.writeHead(200, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		});
	});
	// n8n's HTTP Request node connects for all its items at once.
	server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
		const { port } = z.object({ port: z.number() }).parse(server.address());
		process.send?.({ url: `http://127.0.0.1:${port}` });
	});
	process.once('disconnect', () => process.exit());
}

export interface FastServer {
	url: string;
	stop(): void;
}

/** In a process of its own, so that it takes no time from what is measured. */
export async function startFastServer(): Promise<FastServer> {
	const child = fork(self);
	const [message] = await once(child, 'message');
	const { url } = listening.parse(message);
	return { url, stop: () => child.disconnect() };
}

if (process.argv[1] === self) serve();
