import { expect, it } from 'vitest';

import { parseEvent, simplifiedEvent } from '../../../nodes/Twenty2/trigger/event';
import { documented } from './documentedEvent';

const simple = (body: object) => {
	const event = parseEvent(body);
	if ('wrong' in event) throw new Error(event.wrong);
	return simplifiedEvent(event);
};

it('an event has the simplified output of Get Call, and what only events say', () => {
	expect(Object.entries(simple(documented))).toEqual([
		['event', 'call.failed'],
		['event_id', 'evt_8f14e45f'],
		['call_id', 'call_1'],
		['status', 'failed'],
		['to_number', '+919871532305'],
		['from_number', '+917971441943'],
		['assistant_id', 'asst_1'],
		['duration_seconds', 0],
		['cost', '0.00 INR'],
		['ended_at', '2026-05-22T07:18:39.000Z'],
		['output_parameters', {}],
		['disconnection_reason', 'unanswered'],
		['contact', documented.contact],
		['campaign', documented.campaign],
	]);
});

it('an event has what a completed call brings', () => {
	const completed = {
		...documented,
		event: 'call.completed',
		call: { ...documented.call, status: 'completed', call_cost_inr: 15.67 },
		output_variables: { interested: true },
		recording: { available: true, url: 'https://media.example/1.wav' },
		transcript: { available: true, url: 'https://media.example/1.txt' },
	};
	expect(simple(completed)).toMatchObject({
		event: 'call.completed',
		status: 'completed',
		cost: '15.67 INR',
		output_parameters: { interested: true },
		recording_url: 'https://media.example/1.wav',
	});
});

it('an event has only what Twenty2 sent', () => {
	const call = { call_id: 'call_1', status: 'failed' };
	const least = { event: 'call.failed', event_id: 'evt_1', call };
	expect(simple(least)).toEqual({ event: 'call.failed', event_id: 'evt_1', ...call });
});

it('a body is an event also when something in it has an odd shape', () => {
	const odd = {
		...documented,
		assistant_id: null,
		call: { ...documented.call, call_cost_inr: null },
		contact: 'Asha',
		recording: 'none',
		transcript: null,
	};
	expect(simple(odd)).toMatchObject({ call_id: 'call_1', contact: 'Asha', assistant_id: null });
	expect(simple(odd)).not.toHaveProperty('cost');
});

it.each([
	[7, '7'],
	[0, '0'],
	[-1.5, '-1.5'],
	['007', '007'],
])('an event may have the event_id %j', (event_id, eventId) => {
	expect(parseEvent({ ...documented, event_id })).toMatchObject({ eventId });
	expect(simple({ ...documented, event_id })).toMatchObject({ event_id: eventId });
});

it.each([true, null, {}, [], ['evt_1'], '', ' ', 'a b'])(
	'an event has no event_id in %j',
	(event_id) => {
		expect(parseEvent({ ...documented, event_id })).toEqual({
			wrong: 'event_id must be text of up to 200 visible characters',
		});
	},
);

it('a body that is no event is told all that is wrong with it', () => {
	expect(parseEvent({ event: 'x', call: { call_id: 1 } })).toEqual({
		wrong: [
			'event must be call.completed or call.failed',
			'event_id must be text of up to 200 visible characters',
			'call.status must be text',
		].join(', '),
	});
});

it.each([
	{ body: undefined },
	{ body: null },
	{ body: '' },
	{ body: 'event' },
	{ body: [] },
	{ body: [documented] },
])('$body is not an event', ({ body }) => {
	expect(parseEvent(body)).toEqual({ wrong: 'the body must be a JSON object' });
});
