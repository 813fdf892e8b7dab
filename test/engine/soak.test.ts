/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { seeded } from '../simulation/seeded';
import { createCallNode, engineFor, getCallNode, leads } from './twenty2';
import { untilSettled, useVirtualTime } from './virtualTime';

/** How long the traffic goes on, in minutes of a clock that does not wait. */
const minutes = Number(process.env.SOAK_MINUTES ?? 12);

const MINUTE_MS = 60_000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** The heap in use after everything that can go has gone, in bytes. */
async function heapInUse(): Promise<number> {
	for (let i = 0; i < 3; i++) {
		await new Promise(setImmediate);
		collectGarbage();
	}
	return process.memoryUsage().heapUsed;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ ringMs: 1_000, talkMs: 20_000 });
});
afterEach(() => sandbox.close());

useVirtualTime();

it(
	'${minutes} minutes of mixed traffic leave no memory and no timer behind',
	async () => {
		const random = seeded(1);
		const engine = engineFor(sandbox, { requestsPerMinute: 60 });
		const heap: number[] = [];
		const pick = <T>(...of: T[]): T | undefined => of[Math.floor(random() * of.length)];

		/** One execution of some kind, with some trouble. */
		const execute = async (): Promise<number> => {
			const items = leads(1 + Math.floor(random() * 6));
			for (const { phone } of items) {
				const trouble = pick('500 once', '429 once', 'refused', 'cut', undefined, undefined);
				sandbox.behave(phone, trouble ?? { kind: 'slow', ms: 20 });
			}
			const key = { deduplicationKey: `={{ $json.phone }}-${performance.now()}` };
			const createCalls = createCallNode(
				{ waitForCompletion: random() < 0.3, options: random() < 0.5 ? key : {} },
				{ onError: pick('stopWorkflow', 'continueRegularOutput', 'continueErrorOutput') },
			);
			const looksUp = sandbox.seen.calls.length > 0 && random() < 0.4;
			const ids = sandbox.seen.calls.slice(0, 5).map(({ call_id }) => ({ call_id }));
			const running = await engine.start(
				looksUp
					? { items: ids, node: getCallNode({}, { onError: 'continueRegularOutput' }) }
					: { items, node: createCalls },
			);
			if (random() < 0.1) running.cancel();
			await running.finished;
			return items.length;
		};

		/** Three executions at a time, for a minute. */
		const traffic = async (until: number) => {
			const worker = async () => {
				while (performance.now() < until) await execute();
			};
			await Promise.all([worker(), worker(), worker()]);
		};

		let sent = 0;
		for (let minute = 0; minute < minutes; minute++) {
			await untilSettled(sandbox, traffic(performance.now() + MINUTE_MS));
			expect(sandbox.seen.mostInAnyWindow).toBeLessThanOrEqual(60);
			sent += sandbox.seen.requests.length;
			// The sandbox remembers everything, which is not what is measured.
			sandbox.reset();
			heap.push(await heapInUse());
		}

		expect(sent).toBeGreaterThan(minutes * 10);
		const third = Math.floor(minutes / 3);
		const growth = mean(heap.slice(-third)) / mean(heap.slice(third, 2 * third));
		console.log(
			`${sent} requests; the last third has ${growth.toFixed(3)} of the heap of the second`,
		);
		expect(growth).toBeLessThanOrEqual(1.05);
		// What is paused wakes up once more, and then nothing is left that could.
		vi.advanceTimersByTime(10 * MINUTE_MS);
		await untilSettled(sandbox, Promise.resolve());
		expect(vi.getTimerCount()).toBe(0);
	},
	minutes * 60_000,
);
