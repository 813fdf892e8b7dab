import { spawn } from 'node:child_process';

import { UserError } from './userError.mjs';

const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
const withoutRetries = ['--fetch-retries=0', '--fetch-timeout=20000'];

const unreachable =
	/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;
const diskFull = /\bENOSPC\b/;

/** Pings the registry first: without a network, npm retries each package for minutes. */
export async function npmInstall(args, cwd) {
	const ping = await run(['ping', ...quiet, ...withoutRetries], cwd);
	if (!unreachable.test(ping.output)) return await npm(['install', ...args], cwd);

	const fromCache = await run(['install', ...args, ...quiet, '--offline'], cwd);
	if (fromCache.code !== 0) throw userError(ping);
}

/** Runs npm to its end. */
export async function npm(args, cwd, env) {
	const ended = await run([...args, ...quiet], cwd, env);
	if (ended.code === 0) return;
	const { code, output } = ended;
	throw (
		userError(ended) ?? new Error(`npm ${args.join(' ')} ended with ${code} in ${cwd}\n${output}`)
	);
}

/** The error for a cause that the user can fix, if there is one. */
function userError({ output }) {
	const [reason] = unreachable.exec(output) ?? [];
	if (reason) {
		return new UserError(
			`npm did not reach its registry (${reason}): go online, or tell npm your proxy or mirror, and run this again.`,
		);
	}
	if (diskFull.test(output)) {
		return new UserError('The disk is full: make room, about 5 GB in all, and run this again.');
	}
}

async function run(args, cwd, env = {}) {
	const child = spawn('npm', args, {
		cwd,
		env: { ...process.env, ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
		shell: process.platform === 'win32',
	});
	const chunks = [];
	child.stdout.on('data', (chunk) => chunks.push(chunk));
	child.stderr.on('data', (chunk) => chunks.push(chunk));
	const code = await new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	});
	return { code, output: Buffer.concat(chunks).toString() };
}
