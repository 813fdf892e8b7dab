import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox, type WebhookEvent } from '../../sandbox';
import { placeEnded } from './endedCall';
import { logger } from './n8nCore';
import { startTrigger as startTriggerFor, type Given, type Trigger } from './startTrigger';
import { createCallNode, engineFor, getCallNode, leads } from './twenty2';
import { settle, untilSettled, useVirtualTime } from './virtualTime';

let sandbox: Sandbox;
const closing: Array<() => void> = [];

useVirtualTime();
beforeEach(async () => {
	sandbox = await startSandbox({
		ringMs: 0,
		talkMs: 0,
		refuseConcurrent: false,
		requestsPerMinute: 10_000,
	});
});
afterEach(async () => {
	for (const close of closing.splice(0)) close();
	await sandbox.close();
});

const startTrigger = async (given: Omit<Given, 'baseUrl'> = {}): Promise<Trigger> => {
	const trigger = await startTriggerFor({ baseUrl: sandbox.url, ...given });
	closing.push(() => trigger.close());
	return trigger;
};

const account = (requestsPerMinute = 60) => ({
	...{ apiKey: 'sandbox-key', baseUrl: sandbox.url },
	...{ requestsPerMinute, concurrentCalls: 3 },
});
const at60 = () => ({ twenty2Api: account() });

const place = async (n = 0, authentication = 'apiKey') =>
	await placeEnded(sandbox, { n, authentication });

const placeMany = async (count: number) =>
	await Promise.all(Array.from({ length: count }, async (_, n) => await place(n)));

/** Events of calls that never were. */
const invent = ({ call, ...event }: WebhookEvent, count: number) =>
	Array.from({ length: count }, (_, n) => ({
		...event,
		event_id: `evt_invented_${n}`,
		call: { ...call, call_id: `call_invented_${n}` },
	}));

const reads = () => sandbox.seen.requests.filter(({ method }) => method === 'GET').length;

const pass = async (seconds: number, stepMs = 50) => {
	for (let ms = 0; ms < seconds * 1_000; ms += stepMs) {
		await settle(sandbox);
		vi.advanceTimersByTime(stepMs);
	}
	await settle(sandbox);
};

/** Lets time pass until all executions have ended. @returns how many seconds it took */
const ended = async (trigger: Trigger) => {
	await settle(sandbox);
	return (await untilSettled(sandbox, trigger.quiet())).seconds;
};

const readsAnswer = (status: number, body: unknown, times?: number) =>
	sandbox.behaveReads('*', { kind: 'answer', status, body, times });

const unknownCall = {
	success: false,
	error: { code: 'CALL_NOT_FOUND', message: 'No call for this call_id', status: 404 },
};

it.each([
	['503 of Twenty2, twice', '503 always', 2],
	['a cut connection', 'cut', 3],
	['429 of a proxy', { kind: 'answer', status: 429, body: 'Slow down' }, 4],
] as const)('an event that waits for Twenty2 outlasts %s', async (_, behaviour, times) => {
	const trigger = await startTrigger();
	const event = await place();
	sandbox.behaveReads('*', behaviour);
	expect(await trigger.send(event)).toMatchObject({ status: 200, message: 'Received' });
	while (reads() < times) await pass(0.2);
	sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
	await ended(trigger);
	expect(trigger.started).toHaveLength(1);
	expect(trigger.failed).toEqual([]);
});

it('an event that waits for Twenty2 is answered at once although Twenty2 does not answer', async () => {
	const trigger = await startTrigger();
	const event = await place();
	sandbox.behaveReads('*', { kind: 'hang' });
	// The clock stands still.
	expect(await trigger.send(event)).toMatchObject({ status: 200 });
	expect(await trigger.send(event)).toEqual({ status: 200, message: 'It came before' });
	expect(trigger.running).toBe(1);
	sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
	await ended(trigger);
	expect(trigger.started).toHaveLength(1);
});

it.each([
	['trouble at Twenty2', '503 always', 'INTERNAL_ERROR'],
	['no answer', { kind: 'hang' }, 'TIMEOUT'],
	['too many requests', '429 always', 'RATE_LIMIT_EXCEEDED'],
] as const)(
	'an event that waits for Twenty2 is a failed execution when %s goes on, and retrying it asks again',
	async (_, behaviour, code) => {
		const trigger = await startTrigger();
		const event = await place();
		sandbox.behaveReads('*', behaviour);
		expect(await trigger.send(event)).toMatchObject({ status: 200 });
		await ended(trigger);
		const description = 'Retry this execution later: it asks Twenty2 again';
		expect(trigger.executions).toMatchObject([{ code, description, items: [] }]);
		expect(trigger.failed).toEqual([expect.stringContaining(event.event_id)]);

		sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
		// The key may have been told to wait.
		await pass(300, 5_000);
		const [failed] = trigger.executions;
		const { result } = await untilSettled(sandbox, Promise.resolve(failed?.retry()));
		expect(result?.items).toMatchObject([{ json: { event_id: event.event_id } }]);
	},
);

it.each([
	['a call that Twenty2 does not know yet', 404, () => unknownCall, 3],
	['a call that goes on', 200, (call_id: string) => ({ call_id, status: 'ringing' }), 5],
	['a call that is queued', 200, (call_id: string) => ({ call_id, status: 'queued' }), 5],
	['a call of a status unheard of', 200, (call_id: string) => ({ call_id, status: 'wrap' }), 5],
])(
	'an event that comes before the reads show it is believed later (%s)',
	async (_, status, answer, most) => {
		const warn = vi.spyOn(logger, 'warn').mockClear();
		for (const times of [1, most]) {
			const trigger = await startTrigger();
			const event = await place(times);
			const { call_id } = event.call;
			const body = answer(call_id);
			sandbox.behaveReads(call_id, { kind: 'answer', status, body, times });
			await trigger.send(event);
			await ended(trigger);
			expect(trigger.started).toHaveLength(1);
			expect(warn).not.toHaveBeenCalled();
		}
		expect(reads()).toBe(1 + most + 2);
	},
);

it.each(['apiKey', 'workspace'])(
	'an event that comes before the reads show it is contradicted after 15 seconds where Twenty2 knows no such call (%s)',
	async (authentication) => {
		const trigger = await startTrigger({ parameters: { authentication } });
		const event = await place(0, authentication);
		const [invented] = invent(event, 1);
		await trigger.send(invented);
		const seconds = await ended(trigger);
		expect(seconds).toBeGreaterThanOrEqual(15);
		expect(seconds).toBeLessThan(16);
		expect(reads()).toBeLessThanOrEqual(6);
		expect(trigger.executions).toMatchObject([{ error: undefined, items: [] }]);
		expect(trigger.executions[0]?.hints).toEqual([
			`Twenty2 does not confirm the event ${invented?.event_id}: No call for this call_id`,
		]);
		await pass(120, 1_000);
		expect(reads()).toBeLessThanOrEqual(6);

		await trigger.send(event);
		await ended(trigger);
		expect(trigger.started).toHaveLength(1);
	},
);

it('an event that comes before the reads show it is contradicted after a minute where the call goes on, and believed when it is repeated', async () => {
	const trigger = await startTrigger();
	const event = await place();
	const { call_id } = event.call;
	readsAnswer(200, { call_id, status: 'in-progress', duration_seconds: 0 });
	await trigger.send(event);
	const seconds = await ended(trigger);
	expect(seconds).toBeGreaterThanOrEqual(60);
	expect(seconds).toBeLessThan(61);
	expect(reads()).toBeLessThanOrEqual(8);
	expect(trigger.started).toEqual([]);

	sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
	expect(await trigger.send(event)).toEqual({ status: 200, message: 'Received' });
	await ended(trigger);
	expect(trigger.started).toHaveLength(1);
});

it.each(['voicemail', 'call-disconnected', 'Call Completed'])(
	'an event that comes before the reads show it is believed where a call of the status %s has a duration that no longer grows',
	async (status) => {
		const trigger = await startTrigger();
		const event = await place();
		const { call_id } = event.call;
		readsAnswer(200, { call_id, status, duration_seconds: 12, cost: '0.80 INR' });
		await trigger.send(event);
		expect(await ended(trigger)).toBeLessThan(10);
		expect(trigger.started).toEqual([{ json: expect.objectContaining({ status }) }]);
		expect(reads()).toBe(3);
	},
);

it('an event that comes before the reads show it is dropped at once when the call has ended otherwise meanwhile', async () => {
	const trigger = await startTrigger();
	const event = await placeEnded(sandbox, { failed: true });
	const { call_id } = event.call;
	readsAnswer(200, { call_id, status: 'ringing' }, 1);
	const call = { ...event.call, status: 'completed' };
	await trigger.send({ ...event, event: 'call.completed', call });
	expect(await ended(trigger)).toBeLessThan(3);
	expect(trigger.started).toEqual([]);
	expect(reads()).toBe(2);
	expect(trigger.executions[0]?.hints).toEqual([
		expect.stringContaining('whereas Twenty2 says failed'),
	]);
});

it('at most 50 events wait for Twenty2, and more are told to come again', async () => {
	const trigger = await startTrigger();
	const events = await placeMany(60);
	sandbox.behaveReads('*', { kind: 'hang' });
	const answers = await Promise.all(events.map(async (event) => await trigger.send(event)));
	const statuses = answers.map(({ status }) => status).sort();
	expect(statuses).toEqual([...Array<number>(50).fill(200), ...Array<number>(10).fill(503)]);
	expect(trigger.running).toBe(50);
	const refused = await fetch(trigger.url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(events.find((_, n) => answers[n]?.status === 503)),
	});
	expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);

	sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
	await ended(trigger);
	for (const event of events) expect(await trigger.send(event)).toMatchObject({ status: 200 });
	await ended(trigger);
	expect(trigger.started).toHaveLength(60);
});

it('events of calls that this n8n placed are taken up beyond 50, each once', async () => {
	const trigger = await startTrigger();
	const others = await placeMany(50);
	const { success } = await engineFor(sandbox).run({ items: leads(10), node: createCallNode() });
	const own = success.map(({ json }) => sandbox.eventOf(String(json.call_id)));
	sandbox.behaveReads('*', { kind: 'hang' });
	const send = async (events: object[]) =>
		await Promise.all(events.map(async (event) => (await trigger.send(event)).status));
	await send(others);
	expect(await send(own)).toEqual(own.map(() => 200));
	const again = own.map((event, n) => ({ ...event, event_id: `evt_again_${n}` }));
	expect(await send(again)).toEqual(own.map(() => 503));
	expect(trigger.running).toBe(60);

	sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
	await ended(trigger);
	expect(trigger.started).toHaveLength(60);
});

it('many waiting events come through in turn, as fast as the limit allows', async () => {
	const trigger = await startTrigger({ credentials: at60() });
	const events = await placeMany(50);
	for (const event of events) expect(await trigger.send(event)).toMatchObject({ status: 200 });
	// 45 of 60, and the others a minute later.
	expect(await ended(trigger)).toBeLessThan(62);
	expect(trigger.started).toHaveLength(50);
	expect(trigger.failed).toEqual([]);
});

it('a Get Call with the same key takes its turn within 5 seconds while many events wait', async () => {
	const trigger = await startTrigger({ credentials: at60() });
	const event = await place();
	const send = async (second: number) =>
		await Promise.all(
			invent(event, 30).map(
				async ({ call, ...sent }) =>
					await trigger.send({
						...sent,
						event_id: `${sent.event_id}_${second}`,
						call: { ...call, call_id: `${call.call_id}_${second}` },
					}),
			),
		);
	for (let second = 0; second < 90; second++) {
		await send(second);
		await pass(1, 200);
		if (second % 15 !== 14) continue;
		const looking = engineFor(sandbox, { requestsPerMinute: 60 }).run({
			items: [{ call_id: event.call.call_id }],
			node: getCallNode(),
		});
		const { seconds, result } = await untilSettled(sandbox, looking);
		expect(result.success).toHaveLength(1);
		expect(seconds).toBeLessThan(5);
	}
	await ended(trigger);
	expect(trigger.started).toEqual([]);
	expect(sandbox.seen.mostInAnyWindow).toBeLessThanOrEqual(60);
});

it('trouble with one call keeps no other event waiting', async () => {
	const trigger = await startTrigger();
	const events = await placeMany(10);
	for (const { call } of events.slice(0, 6)) sandbox.behaveReads(call.call_id, '503 always');
	for (const event of events) await trigger.send(event);
	await pass(1);
	expect(trigger.started).toHaveLength(4);
});

it('each waiting event is asked about with the limits of the credential that the trigger has now', async () => {
	const credentials = { twenty2Api: account(2), another: account(60) };
	const trigger = await startTrigger({ credentials });
	const events = await placeMany(30);
	await trigger.send(events[0]);
	await ended(trigger);
	trigger.use('another');
	// The lower limits count until a minute after their last request.
	for (const event of events.slice(1, 4)) {
		await trigger.send(event);
		await pass(25, 500);
	}
	for (const event of events.slice(4)) await trigger.send(event);
	expect(await ended(trigger)).toBeLessThan(5);
	expect(trigger.started).toHaveLength(30);

	const looking = engineFor(sandbox, { requestsPerMinute: 60 }).run({
		items: events.slice(0, 20).map(({ call }) => ({ call_id: call.call_id })),
		node: getCallNode(),
	});
	expect((await untilSettled(sandbox, looking)).seconds).toBeLessThan(5);
});

it('a credential that was changed is used for the next event', async () => {
	const stored = account();
	const trigger = await startTrigger({ credentials: { twenty2Api: stored } });
	const events = await placeMany(3);
	await trigger.send(events[0]);
	await ended(trigger);
	stored.apiKey = 'sandbox-key-without-access';
	await trigger.send(events[1]);
	await ended(trigger);
	expect(trigger.failed).toEqual([expect.stringContaining(events[1]?.event_id ?? '')]);
	stored.apiKey = 'sandbox-key';
	await trigger.send(events[2]);
	await ended(trigger);
	expect(trigger.started).toHaveLength(2);
});
