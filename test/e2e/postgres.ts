/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { command } from './command';
import { freePort } from './freePort';
import { installedProgram, programIn, type Installed } from './installedProgram';
import { startService, type Service } from './service';

/** PostgreSQL refuses to run as root, so the user "nobody" runs it. Its id is the same everywhere. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/** Copies an unpacked package to a folder that "nobody" may read. */
async function readableCopy(installed: Installed, folder: string): Promise<Installed> {
	if (installed.unpacked === undefined) return installed;
	const copy = join(folder, 'programs');
	await cp(installed.unpacked, copy, { recursive: true, verbatimSymlinks: true });
	return await programIn(copy, 'postgres');
}

async function start(installed: Installed, folder: string): Promise<Service> {
	const { bin, env } = nobody ? await readableCopy(installed, folder) : installed;
	const data = join(folder, 'data');
	const options = ['--auth=trust', '--username=n8n', '--encoding=UTF8', '--locale=C', '--no-sync'];
	await command(join(bin, 'initdb'), [...options, data], folder, env, nobody);

	const port = String(await freePort());
	const settings = [
		'listen_addresses=127.0.0.1',
		`port=${port}`,
		'unix_socket_directories=',
		// No test needs the data after a crash.
		'fsync=off',
	];
	return await startService(
		join(bin, 'postgres'),
		['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
		{ cwd: folder, env: { ...process.env, ...env }, ...nobody },
		{
			DB_TYPE: 'postgresdb',
			DB_POSTGRESDB_HOST: '127.0.0.1',
			DB_POSTGRESDB_PORT: port,
			DB_POSTGRESDB_DATABASE: 'postgres',
			DB_POSTGRESDB_USER: 'n8n',
		},
	);
}

/** Starts PostgreSQL with an empty database, which is removed when it stops. */
export async function startPostgres(): Promise<Service> {
	const installed = await installedProgram('postgresql', 'postgres');
	const folder = await mkdtemp(join(tmpdir(), 'n8n-postgres-'));
	const remove = async () => await rm(folder, { recursive: true, force: true });
	try {
		if (nobody) await chown(folder, nobody.uid, nobody.gid);
		const { env, stop } = await start(installed, folder);
		return { env, stop: async () => await stop().then(remove) };
	} catch (error) {
		await remove();
		throw error;
	}
}
