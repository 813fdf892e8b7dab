/* eslint-disable @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { command } from './command';

/**
 * Downloads a Debian package and its missing dependencies, and unpacks them into a folder. apt gets
 * its own lists and archives and installs nothing, so this needs no root and changes no other folder.
 */
export async function unpackDebian(packageName: string, folder: string): Promise<void> {
	if (!existsSync('/usr/bin/apt-get')) {
		throw new Error(`Install ${packageName}: it can be fetched on Debian only, with apt-get.`);
	}
	console.log(`Fetching Debian's ${packageName} into ${folder}, once.`);
	const apt = join(folder, 'apt');
	const archives = join(apt, 'archives');
	await mkdir(join(apt, 'lists', 'partial'), { recursive: true });
	await mkdir(join(archives, 'partial'), { recursive: true });
	const own = {
		'Dir::State': apt,
		'Dir::State::status': '/var/lib/dpkg/status',
		'Dir::Cache': apt,
		'Dir::Log': apt,
		'APT::Sandbox::User': '',
		'Debug::NoLocking': 'true',
	};
	const settings = Object.entries(own).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
	const only = ['--yes', '--no-install-recommends', '--download-only'];
	await command('apt-get', ['update', ...settings], folder);
	await command('apt-get', ['install', packageName, ...only, ...settings], folder);
	for (const file of await readdir(archives)) {
		if (!file.endsWith('.deb')) continue;
		await command('dpkg-deb', ['-x', join(archives, file), folder], folder);
	}
	await rm(apt, { recursive: true });
}
