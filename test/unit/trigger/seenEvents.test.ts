import { expect, it } from 'vitest';

import { parseEvent, type CallEvent } from '../../../nodes/Twenty2/trigger/event';
import { SeenEvents } from '../../../nodes/Twenty2/trigger/seenEvents';
import { documented } from './documentedEvent';

function eventWith(changes: object): CallEvent {
	const event = parseEvent({ ...documented, ...changes });
	if ('wrong' in event) throw new Error(event.wrong);
	return event;
}

const event = eventWith({});
const withAnotherId = eventWith({ event_id: 'evt_2' });
const ofAnotherCall = eventWith({ call: { call_id: 'call_2', status: 'failed' } });
const ofAnotherEnd = eventWith({ event: 'call.completed' });

it('seen events have a delivery that was taken up, and no other with its event_id', () => {
	const seen = new SeenEvents();
	expect(seen.has(event)).toBe(false);
	seen.taken(event);
	expect(seen.has(event)).toBe(true);
	for (const other of [withAnotherId, ofAnotherCall, ofAnotherEnd]) {
		expect(seen.has(other)).toBe(false);
	}
});

it('seen events have every delivery of an end that Twenty2 has confirmed', () => {
	const seen = new SeenEvents();
	seen.confirmed(event);
	expect([event, withAnotherId].map((other) => seen.has(other))).toEqual([true, true]);
	expect([ofAnotherCall, ofAnotherEnd].map((other) => seen.has(other))).toEqual([false, false]);
});

it('seen events forget what Twenty2 contradicts, as it may be true later', () => {
	const seen = new SeenEvents();
	seen.taken(event);
	seen.taken(withAnotherId);
	seen.contradicted(event);
	expect([event, withAnotherId].map((other) => seen.has(other))).toEqual([false, true]);
});

it('seen events are the latest 10,000', () => {
	const seen = new SeenEvents();
	const events = Array.from({ length: 10_001 }, (_, n) => eventWith({ event_id: `evt_${n}` }));
	for (const one of events) seen.taken(one);
	expect([0, 1, 10_000].map((n) => seen.has(eventWith({ event_id: `evt_${n}` })))).toEqual([
		...[false, true, true],
	]);
});
