import { spawn } from 'node:child_process';

import { Obstacle } from './obstacle.mjs';

const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
const atOnce = ['--fetch-retries=0', '--fetch-timeout=20000'];

const unreachable =
	/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;
const full = /\bENOSPC\b/;

/** Without a network npm would try each package for minutes; what it has in its cache may do. */
export async function npmInstall(args, cwd) {
	const ping = await run(['ping', ...quiet, ...atOnce], cwd);
	if (!unreachable.test(ping.said)) return await npm(['install', ...args], cwd);

	const fromCache = await run(['install', ...args, ...quiet, '--offline'], cwd);
	if (fromCache.code !== 0) throw obstacle(ping);
}

/** Runs npm to its end. */
export async function npm(args, cwd, env) {
	const ended = await run([...args, ...quiet], cwd, env);
	if (ended.code === 0) return;
	const { code, said } = ended;
	throw obstacle(ended) ?? new Error(`npm ${args.join(' ')} ended with ${code} in ${cwd}\n${said}`);
}

function obstacle({ said }) {
	const [reason] = unreachable.exec(said) ?? [];
	if (reason) {
		return new Obstacle(
			`npm did not reach its registry (${reason}): go online, or tell npm your proxy or mirror, and run this again.`,
		);
	}
	if (full.test(said)) {
		return new Obstacle('The disk is full: make room, about 5 GB in all, and run this again.');
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
	return { code, said: Buffer.concat(chunks).toString() };
}
