// Installs the dependencies, unless the installed ones match the lock file. A fresh clone therefore
// needs no command before `npm test`, and nor does a changed lock file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { requireDiskSpace } from './diskSpace.mjs';
import { npmInstall } from './npm.mjs';
import { step } from './step.mjs';
import { reportError } from './userError.mjs';

const lock = readFileSync('package-lock.json', 'utf8');
/** A copy of the lock file that was installed. */
const installed = 'node_modules/.installed-lock.json';

async function install() {
	await requireDiskSpace(process.cwd(), 1);
	// Not `npm ci`: it fails where a registry lacks optional packages of other platforms.
	await step('Installing dependencies: about 1 GB, 2 minutes, only the first time', () =>
		npmInstall(['--no-save'], process.cwd()),
	);
	writeFileSync(installed, lock);
}

if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
	install().catch(reportError);
}
