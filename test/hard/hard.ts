/* eslint-disable @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';

import { installAll } from '../e2e/install';
import { packBuilt } from '../e2e/pack';

/** One proof: tests that `npm test` runs in small, or not at all, here in full. */
interface Proof {
	what: string;
	/** For vitest. */
	files: string[];
	env?: Record<string, string>;
}

const engines = ['--project', 'engine', '--project', 'engine-n8n1'];

/** They load the machine, so one runs after the other. */
const busy: Proof[] = [
	{ what: 'Every fault on every request', files: ['--project', 'faults'] },
	{
		what: 'Any sequence of runs, retries, stops and restarts',
		files: [...engines, 'test/engine/model.test.ts'],
		env: { MODEL_RUNS: '600' },
	},
	{
		what: 'Hostile fields, answers and deliveries',
		files: [
			...['--project', 'engine', 'test/engine/hostile.test.ts'],
			'test/engine/hostileEvents.test.ts',
		],
		env: { HOSTILE_RUNS: '1500' },
	},
	{
		what: 'An hour of mixed traffic, in virtual time',
		files: ['--project', 'engine', 'test/engine/soak.test.ts'],
		env: { SOAK_MINUTES: '60' },
	},
	{
		what: 'A burst of 1,000 deliveries',
		files: ['--project', 'hard', 'test/hard/triggerBurst.test.ts'],
	},
];

/** They wait for real time, mostly, so two run at a time. The longest come first. */
const waiting: Proof[] = [
	{
		what: 'kill -9 at 20 moments of 200 leads, also while n8n writes its database',
		files: ['--project', 'hard', 'test/hard/crash.test.ts'],
		env: { CRASH_ROUNDS: '20', CRASH_LEADS: '200' },
	},
	{
		what: 'kill -9 and Stop at 20 moments each, then "Retry execution"',
		files: ['--project', 'hard', 'test/hard/retry.test.ts'],
		env: { RETRY_ROUNDS: '20' },
	},
	{
		what: 'The marks of 10,000 calls, until they are gone',
		files: ['--project', 'hard', 'test/hard/marks.test.ts'],
	},
	{
		what: 'What n8n does with any package, all examples in the editor, and a wait for the Calling Hours',
		files: [
			...['--project', 'hard', 'test/hard/harness.test.ts'],
			...['test/hard/editorExamples.test.ts', 'test/hard/callingHours.test.ts'],
		],
	},
	{
		what: 'Three queue workers on one key, five times in a row',
		files: ['--project', 'hard', 'test/hard/workersShare.test.ts'],
	},
	{
		what: 'kill -9 of a queue worker at five moments, with a key and without',
		files: ['--project', 'hard', 'test/hard/workerCrash.test.ts'],
	},
	{
		what: 'Campaigns of 150 whose events start a workflow, with and without a secret',
		files: ['--project', 'hard', 'test/hard/triggerCampaign.test.ts'],
	},
	{
		what: 'Five minutes of mixed traffic in n8n',
		files: ['--project', 'hard', 'test/hard/soak.test.ts'],
	},
	{
		what: '60 calls of 20 s on 3 lines, and a Retry-After of 16 hours, in real time',
		files: ['--project', 'hard', 'test/hard/minutes.test.ts'],
	},
	{
		what: 'Ten thousand used keys',
		files: ['--project', 'hard', 'test/hard/tenThousandKeys.test.ts'],
	},
	{
		what: 'The used keys of three queue workers',
		files: ['--project', 'e2e', 'test/e2e/queueMode.test.ts'],
		env: { QUEUE_ROUNDS: '5' },
	},
	{
		what: 'A queue worker of n8n 1 that stands still for 45 s, three times',
		files: ['--project', 'hard', 'test/hard/stalledWorker.test.ts'],
	},
];

interface Ended {
	what: string;
	tests: string;
	minutes: number;
	passed: boolean;
}

/** Runs one proof, with its output in sight. */
async function run({ what, files, env }: Proof, tarball: string): Promise<Ended> {
	const from = performance.now();
	const vitest = spawn('npx', ['vitest', 'run', '--testTimeout=3600000', ...files], {
		env: { ...process.env, PACKED: tarball, ...env },
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let output = '';
	vitest.stdout.on('data', (chunk: Buffer) => {
		output += String(chunk);
		process.stdout.write(chunk);
	});
	const code = await new Promise<number | null>((resolve) => vitest.on('close', resolve));
	const [, tests = 'none ended'] = /^Tests: (.*)$/m.exec(output) ?? [];
	return { what, tests, minutes: (performance.now() - from) / 60_000, passed: code === 0 };
}

/** What `npm run test:hard -- crash` asks for: the proofs whose files have one of these texts in their names. */
const asked = process.argv.slice(2);

const isAsked = ({ files }: Proof) =>
	asked.length === 0 || asked.some((text) => files.some((file) => file.includes(text)));

async function main(): Promise<void> {
	await installAll();
	const folder = await mkdtemp(join(tmpdir(), 'twenty2-packed-'));
	const tarball = await packBuilt(folder);
	const ended: Ended[] = [];
	for (const proof of busy.filter(isAsked)) ended.push(await run(proof, tarball));
	const two = pLimit(2);
	ended.push(
		...(await two.map(waiting.filter(isAsked), async (proof) => await run(proof, tarball))),
	);
	await rm(folder, { recursive: true, force: true });

	console.log();
	console.table(
		ended.map(({ what, tests, minutes, passed }) => ({
			Proof: what,
			Tests: tests,
			Minutes: Math.round(minutes * 10) / 10,
			Result: passed ? 'passed' : 'FAILED',
		})),
	);
	const failed = ended.filter(({ passed }) => !passed).length;
	console.log(`Proofs: ${ended.length - failed} passed, ${failed} failed`);
	process.exitCode = failed === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
