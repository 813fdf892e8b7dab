import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, leads, phone } from './twenty2';

describe('Stop in the editor', () => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
	});
	afterEach(() => sandbox.close());

	const requestsAfter = async (seen: number, ms: number) => {
		await new Promise((resolve) => setTimeout(resolve, ms));
		return sandbox.seen.requests.length - seen;
	};

	it.each(['cancel', 'timeOut'] as const)('drops what is queued (%s)', async (how) => {
		for (const lead of leads(30)) sandbox.behave(lead.phone, { kind: 'slow', ms: 100 });
		const running = await engineFor(sandbox).start({ items: leads(30), node: createCallNode() });
		await expect.poll(() => sandbox.seen.requests.length).toBeGreaterThan(5);
		running[how]();
		const sent = sandbox.seen.requests.length;
		const run = await running.finished;

		expect(run.status).toBe('canceled');
		expect(await requestsAfter(sent, 500)).toBe(0);
	});

	it('ends the wait for a retry, and Retry On Fail sends nothing either', async () => {
		sandbox.behave(phone(0), '500 always');
		const running = await engineFor(sandbox).start({
			items: leads(1),
			node: createCallNode({}, { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 }),
		});
		await expect.poll(() => sandbox.seen.requests.length).toBe(1);
		running.cancel();
		await running.finished;
		expect(await requestsAfter(1, 2_500)).toBe(0);
	});

	it('leaves the key to the next execution at once', async () => {
		for (const lead of leads(9)) sandbox.behave(lead.phone, { kind: 'slow', ms: 100 });
		const engine = engineFor(sandbox);
		const running = await engine.start({ items: leads(9), node: createCallNode() });
		await expect.poll(() => sandbox.seen.requests.length).toBe(3);
		running.cancel();
		await running.finished;
		const next = await engine.run({ items: [{ phone: phone(20) }], node: createCallNode() });
		expect(next.success).toHaveLength(1);
	});

	it('phones nobody again when the stopped execution is retried', async () => {
		for (const lead of leads(9)) sandbox.behave(lead.phone, { kind: 'slow', ms: 50 });
		const running = await engineFor(sandbox).start({
			items: leads(9),
			node: createCallNode({}, { onError: 'continueRegularOutput' }),
		});
		await expect.poll(() => sandbox.seen.requests.length).toBeGreaterThan(4);
		running.cancel();
		const stopped = await running.finished;
		const retried = await stopped.retry();

		expect(retried.status).toBe('success');
		expect(retried.success.map(({ json }) => json.status)).toEqual(leads(9).map(() => 'queued'));
		expect(sandbox.seen.perNumber()).toEqual(
			Object.fromEntries(leads(9).map((lead) => [lead.phone, 1])),
		);
	});
});
