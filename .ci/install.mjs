// Installs what the lock file names, unless that is there already: so that on a fresh clone, or
// after the lock file changed, `npm test` is the only command. npm keeps what it fetched in its cache.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { npmInstall } from './npm.mjs';
import { giveUp } from './obstacle.mjs';
import { expectRoom } from './room.mjs';
import { step } from './step.mjs';

const lock = readFileSync('package-lock.json', 'utf8');
const installed = 'node_modules/.installed-lock.json';

async function install() {
	await expectRoom(process.cwd(), 1);
	// Not `npm ci`, which gives up where a registry lacks optional packages of other platforms.
	await step('Installing dependencies: about 1 GB, 2 minutes, only the first time', () =>
		npmInstall(['--no-save'], process.cwd()),
	);
	writeFileSync(installed, lock);
}

if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
	install().catch(giveUp);
}
