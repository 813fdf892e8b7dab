import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox, type WebhookEvent } from '../../sandbox';
import { startTrigger, type Trigger } from './startTrigger';
import { createCallNode, engineFor, leads } from './twenty2';

describe('An event of a call that has ended', () => {
	let sandbox: Sandbox;
	let trigger: Trigger;
	let event: WebhookEvent;
	beforeEach(async () => {
		sandbox = await startSandbox({ ringMs: 0, talkMs: 0 });
		trigger = await startTrigger({ baseUrl: sandbox.url });
		const { success } = await engineFor(sandbox).run({ items: leads(1), node: createCallNode() });
		event = sandbox.eventOf(String(success[0]?.json.call_id));
	});
	afterEach(async () => {
		trigger.close();
		await sandbox.close();
	});

	const reads = () => sandbox.seen.requests.filter(({ method }) => method === 'GET');
	const readsAnswer = (status: number, body: object) =>
		sandbox.behaveReads('*', { kind: 'answer', status, body });

	it('starts the workflow after one look at the call', async () => {
		expect(await trigger.send(event)).toMatchObject({ status: 200 });
		await trigger.quiet();
		expect(trigger.started).toHaveLength(1);
		expect(reads()).toHaveLength(1);
	});

	it('starts nothing while Twenty2 says that the call goes on', async () => {
		readsAnswer(200, { call_id: event.call.call_id, status: 'in-progress' });
		expect(await trigger.send(event)).toMatchObject({ status: 503 });
		await trigger.quiet();
		expect(trigger.started).toEqual([]);
	});

	it.each([401, 403])(
		'is a failed execution where the key may read no calls (%i)',
		async (status) => {
			readsAnswer(status, {});
			await trigger.send(event);
			await trigger.quiet();
			expect(trigger.failed).toEqual([expect.stringContaining(event.event_id)]);
			expect(trigger.started).toEqual([]);
		},
	);
});
