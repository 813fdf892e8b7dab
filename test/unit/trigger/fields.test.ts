import { expect, it } from 'vitest';
import * as z from 'zod/v4';

import * as fields from '../../../nodes/Twenty2/trigger/fields';
import { Twenty2Trigger } from '../../../nodes/Twenty2/Twenty2Trigger.node';
import { parseEvent } from '../../../nodes/Twenty2/trigger/event';
import { evaluated } from '../evaluated';
import { documented } from './documentedEvent';

const valuesOf = (options: unknown) =>
	z
		.array(z.object({ value: z.string() }))
		.parse(options)
		.map(({ value }) => value);

it('the fields of the trigger offer the events that Twenty2 sends, and all of them by default', () => {
	const offered = valuesOf(fields.events.options);
	expect(offered.map((event) => 'wrong' in parseEvent({ ...documented, event }))).toEqual([
		false,
		false,
	]);
	expect(fields.events.default).toEqual(offered);
});

it('the fields of the trigger never show the secret', () => {
	expect(fields.secret.typeOptions?.password).toBe(true);
});

it('the subtitle of the trigger names the events as the field does', () => {
	const trigger = new Twenty2Trigger();
	const { subtitle } = trigger.description;
	expect(evaluated(trigger, subtitle, { events: ['call.completed', 'call.failed'] })).toBe(
		'Call Completed, Call Failed',
	);
	expect(evaluated(trigger, subtitle, { events: ['call.failed'] })).toBe('Call Failed');
});

it('the fields of the trigger have names of their own', () => {
	const names = Object.values(fields).map(({ name }) => name);
	expect(new Set(names).size).toBe(names.length);
});
