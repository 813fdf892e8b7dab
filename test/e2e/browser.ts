/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, selectors, type Browser } from 'playwright-core';

import { cached } from './cache';
import { command } from './command';
import { unpackDebian } from './debian';
import { programIn } from './installedProgram';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

const folders = (process.env.PATH ?? '').split(delimiter);

interface Chromium {
	executablePath: string;
	/** Environment variables with the paths of its libraries. */
	env: NodeJS.ProcessEnv;
}

/** The binary. Debian's start script works only where the package is installed. */
async function chromiumIn(root: string): Promise<Chromium> {
	const { env } = await programIn(root, 'chromium');
	return { executablePath: join(root, 'usr', 'lib', 'chromium', 'chromium'), env };
}

async function starts(root: string): Promise<boolean> {
	const { executablePath, env } = await chromiumIn(root);
	return await command(executablePath, ['--version'], root, env).then(
		() => true,
		() => false,
	);
}

/** Chromium of this machine or, if there is none, Debian's package in the cache. */
async function installedChromium(): Promise<Chromium> {
	const found = folders
		.flatMap((folder) => names.map((name) => join(folder, name)))
		.find((file) => existsSync(file));
	if (found !== undefined) return { executablePath: found, env: {} };

	const root = await cached({
		name: 'debian-chromium',
		isComplete: starts,
		fetch: async (folder) => await unpackDebian('chromium', folder),
	}).catch((cause: unknown) => {
		const how = 'install it, on Debian with apt-get install chromium';
		throw new Error(`The tests of the editor need Chromium: ${how}`, { cause });
	});
	return await chromiumIn(root);
}

/** Starts Chromium without a window. */
export async function startBrowser(): Promise<Browser> {
	const { executablePath, env } = await installedChromium();
	// The attribute that n8n uses for test ids.
	selectors.setTestIdAttribute('data-test-id');
	return await chromium.launch({
		executablePath,
		env: { ...process.env, ...env },
		// Chromium's sandbox does not work for root or in a container. It opens only the n8n under test.
		args: ['--no-sandbox'],
	});
}
