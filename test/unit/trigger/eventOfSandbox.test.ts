import { expect, it } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox } from '../../../sandbox';
import { documented } from './documentedEvent';

/** The fields of an object and of the objects in it. */
const fieldsOf = (value: unknown): unknown =>
	typeof value === 'object' && value !== null
		? Object.fromEntries(Object.entries(value).map(([name, held]) => [name, fieldsOf(held)]))
		: 'a value';

it.each([
	['+919871532305', 'call.completed', 'completed'],
	['+919999900600', 'call.failed', 'failed'],
])(
	'the sandbox tells the end of a call to %s as Twenty2 documents it',
	async (to, name, status) => {
		let now = 0;
		const sandbox = await startSandbox({ ringMs: 500, talkMs: 500, clock: () => now });
		const response = await fetch(`${sandbox.url}/v1/calls`, {
			method: 'POST',
			headers: { authorization: 'Bearer sandbox-key', 'content-type': 'application/json' },
			body: JSON.stringify({
				assistant_id: 'asst_demo',
				from_number: '+917971441943',
				to_number: to,
				input_parameters: { customerName: 'Asha' },
			}),
		});
		const { call_id } = z.object({ call_id: z.string() }).parse(await response.json());
		expect(() => sandbox.eventOf(call_id)).toThrow('is queued');

		now = 1_000;
		const event = sandbox.eventOf(call_id);
		expect(fieldsOf({ ...event, output_variables: {} })).toEqual(fieldsOf(documented));
		expect(event).toMatchObject({ event: name, call: { call_id, status } });
		expect(sandbox.eventOf(call_id).event_id).toBe(event.event_id);
		await sandbox.close();
	},
);
