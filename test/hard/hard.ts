/* eslint-disable @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { spawn } from 'node:child_process';

/** One proof: tests that `npm test` runs in small, here in full. */
interface Proof {
	what: string;
	/** For vitest. */
	files: string[];
	env?: Record<string, string>;
}

const engines = ['--project', 'engine', '--project', 'engine-n8n1'];

const proofs: Proof[] = [
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
		what: 'kill -9 at 20 random moments of 200 leads',
		files: ['--project', 'e2e', 'test/e2e/crash.test.ts'],
		env: { CRASH_ROUNDS: '20', CRASH_LEADS: '200' },
	},
	{
		what: 'Three queue workers on one key, five times in a row',
		files: ['--project', 'hard', 'test/hard/workersShare.test.ts'],
	},
	{
		what: 'Three queue workers on one key, beside the tests of the editor',
		files: [
			...['--project', 'hard', 'test/hard/workersShare.test.ts'],
			...['--project', 'e2e', 'test/e2e/editor.test.ts'],
		],
		env: { SHARE_ROUNDS: '2' },
	},
	{
		what: 'The used keys of three queue workers',
		files: ['--project', 'e2e', 'test/e2e/queueMode.test.ts'],
		env: { QUEUE_ROUNDS: '4' },
	},
	{
		what: '60 calls of 20 s on 3 lines, and a Retry-After of 16 hours, in real time',
		files: ['--project', 'hard', 'test/hard/minutes.test.ts'],
	},
	{
		what: 'A burst of 1,000 deliveries',
		files: ['--project', 'hard', 'test/hard/triggerBurst.test.ts'],
	},
];

interface Ended {
	what: string;
	tests: string;
	minutes: number;
	passed: boolean;
}

/** Runs one proof once, with its output in sight. */
async function run({ what, files, env }: Proof): Promise<Ended> {
	const from = performance.now();
	const vitest = spawn('npx', ['vitest', 'run', '--testTimeout=3600000', ...files], {
		env: { ...process.env, ...env },
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

// One after another, because each loads the machine.
const ended: Ended[] = [];
for (const proof of proofs) ended.push(await run(proof));

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
