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
	/** What it needs to find its libraries. */
	env: NodeJS.ProcessEnv;
}

/** The program itself: what Debian starts it with looks for it where packages are installed. */
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

/** The machine's or, where it has none, Debian's in the cache. */
async function installedChromium(): Promise<Chromium> {
	const found = folders
		.flatMap((folder) => names.map((name) => join(folder, name)))
		.find((file) => existsSync(file));
	if (found !== undefined) return { executablePath: found, env: {} };

	const root = await cached({
		name: 'debian-chromium',
		isIn: starts,
		fetch: async (folder) => await unpackDebian('chromium', folder),
	}).catch((cause: unknown) => {
		const how = 'install it, on Debian with apt-get install chromium';
		throw new Error(`The tests of the editor need Chromium: ${how}`, { cause });
	});
	return await chromiumIn(root);
}

/** Chromium without a window. */
export async function startBrowser(): Promise<Browser> {
	const { executablePath, env } = await installedChromium();
	// n8n's name for it.
	selectors.setTestIdAttribute('data-test-id');
	return await chromium.launch({
		executablePath,
		env: { ...process.env, ...env },
		// As root, or in a container, it has no sandbox to start in; it only meets the n8n under test.
		args: ['--no-sandbox'],
	});
}
