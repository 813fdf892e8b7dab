// Asks npm for known vulnerabilities of the packages in the bundle. `npm audit` itself would also list those of
// the tools, which no user gets. It needs the build, and a registry that answers audits.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const notices = readFileSync('dist/THIRD_PARTY_NOTICES.txt', 'utf8');
const bundled = [...notices.matchAll(/^-{80}\n\n(\S+) (\S+)$/gm)].map(([, name, version]) => [
	name,
	version,
]);
const folder = mkdtempSync(join(tmpdir(), 'twenty2-audit-'));
try {
	const dependencies = Object.fromEntries(bundled);
	writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
	const npm = (...args) => execFileSync('npm', args, { cwd: folder, stdio: 'inherit' });
	npm('install', '--package-lock-only', '--ignore-scripts', '--no-audit');
	npm('audit', '--audit-level=low');
} finally {
	rmSync(folder, { recursive: true });
}
