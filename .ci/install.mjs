// Installs what the lock file names, unless that is there already: so that on a fresh clone, or
// after the lock file changed, `npm test` is the only command. npm keeps what it fetched in its cache.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const lock = readFileSync('package-lock.json', 'utf8');
const installed = 'node_modules/.installed-lock.json';

if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
	console.log('Installing dependencies, about 1 GB and 2 minutes the first time');
	// Not `npm ci`, which gives up where a registry lacks optional packages of other platforms.
	const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
	const { status } = spawnSync('npm', args, {
		stdio: 'inherit',
		shell: process.platform === 'win32',
	});
	if (status !== 0) process.exit(status ?? 1);
	writeFileSync(installed, lock);
}
