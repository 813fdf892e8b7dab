/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from './freePort';
import { installedProgram } from './installedProgram';
import { startService, type Service } from './service';

/** Starts Redis without persistence. */
export async function startRedis(): Promise<Service> {
	const { bin, env } = await installedProgram('redis-server', 'redis-server');
	const port = String(await freePort());
	const settings = { bind: '127.0.0.1', port, save: '', appendonly: 'no' };
	return await startService(
		join(bin, 'redis-server'),
		Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
		{ cwd: tmpdir(), env: { ...process.env, ...env } },
		{ QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: port },
	);
}
