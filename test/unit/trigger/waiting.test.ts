import { expect, it, vi } from 'vitest';

import { Claim } from '../../../nodes/Twenty2/policy/callClaims';
import { parseEvent, type CallEvent } from '../../../nodes/Twenty2/trigger/event';
import { Waiting } from '../../../nodes/Twenty2/trigger/waiting';
import { useFakeTime } from '../policy/fakeTime';
import { documented } from './documentedEvent';

function eventOfCall(call_id: string, event_id = `evt_of_${call_id}`): CallEvent {
	const event = parseEvent({ ...documented, event_id, call: { call_id, status: 'failed' } });
	if ('wrong' in event) throw new Error(event.wrong);
	return event;
}

const node = 'workflow node';
const events = Array.from({ length: 51 }, (_, n) => eventOfCall(`call_${n}`));
const [first = eventOfCall('call_first'), ...others] = events;
const last = eventOfCall('call_last');

const SECONDS = 1_000;

/** Fifty executions that wait. */
function full(begun: CallEvent[] = events.slice(0, 50), hasRunHere = false) {
	const waiting = new Waiting();
	if (hasRunHere) waiting.begun(node, last)();
	for (const event of events.slice(0, 50)) waiting.started(node, event);
	const ends = begun.map((event) => waiting.begun(node, event));
	return { waiting, end: ends[0] ?? (() => undefined) };
}

useFakeTime();

it('at most fifty executions wait, from their deliveries on', () => {
	const { waiting } = full([]);
	expect(waiting.admits(node, last)).toBe(false);
});

it('one more execution may wait when another has ended', () => {
	const { waiting, end } = full();
	vi.advanceTimersByTime(3_600 * SECONDS);
	expect(waiting.admits(node, last)).toBe(false);
	end();
	expect(waiting.admits(node, last)).toBe(true);
});

it('an execution that never begins is not counted among the waiting for ever', () => {
	const { waiting } = full(others.slice(0, 48), true);
	vi.advanceTimersByTime(119 * SECONDS);
	expect(waiting.admits(node, last)).toBe(false);
	vi.advanceTimersByTime(SECONDS);
	expect(waiting.admits(node, last)).toBe(true);
	waiting.started(node, last);
	// The one that begins late counts again.
	waiting.begun(node, first);
	expect(waiting.admits(node, eventOfCall('call_one_more'))).toBe(false);
});

it('waiting executions are not counted where none begins, as in queue mode, until one does', () => {
	const { waiting } = full([]);
	vi.advanceTimersByTime(20 * SECONDS);
	for (const event of events) {
		expect(waiting.admits(node, event)).toBe(true);
		waiting.started(node, event);
	}
	waiting.begun(node, first);
	expect(waiting.admits(node, last)).toBe(false);
});

it('one more execution may wait for each end of a call that this n8n placed, and each node', () => {
	const { waiting } = full();
	new Claim('asked').take('call_own');
	const own = eventOfCall('call_own');
	expect(waiting.admits(node, own)).toBe(true);
	waiting.started(node, own);
	expect(waiting.admits(node, eventOfCall('call_own', 'evt_again'))).toBe(false);
	expect(waiting.admits('workflow another', own)).toBe(true);
	waiting.begun(node, own)();
	expect(waiting.admits(node, eventOfCall('call_own', 'evt_again'))).toBe(true);
});
