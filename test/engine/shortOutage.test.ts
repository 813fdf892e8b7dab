import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, leads, onceEach, phone } from './twenty2';
import { settle, untilDone, useVirtualTime } from './virtualTime';

useVirtualTime();
let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ clock: () => Date.now(), refuseConcurrent: false });
});
afterEach(() => sandbox.close());

it.each([20, 55])(
	'a short outage of %i seconds fails no lead under the default Max Retries',
	async (seconds) => {
		for (const n of leads(12).keys()) sandbox.behave(phone(n), '503 always');
		const engine = engineFor(sandbox, { requestsPerMinute: 1_000 });
		const running = engine.start({ items: leads(12), node: createCallNode() });
		await settle(sandbox);
		for (let tenths = 0; tenths < seconds * 10; tenths++) {
			vi.advanceTimersByTime(100);
			await settle(sandbox);
		}
		expect(sandbox.seen.calls).toEqual([]);
		for (const n of leads(12).keys()) sandbox.behave(phone(n), { kind: 'slow', ms: 0 });

		const { runs } = await untilDone(sandbox, [running]);
		expect(runs.map(({ status }) => status)).toEqual(['success']);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(12)));
	},
);
