import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Engine, Run } from './engine';
import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { createCallNode, engineFor, leads, onceEach, phone } from './twenty2';
import { runUntilDone, useVirtualTime } from './virtualTime';

const onErrors = ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const;

useVirtualTime();
let sandbox: Sandbox;
let engine: Engine;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 1_000, refuseConcurrent: false });
	engine = engineFor(sandbox);
});
afterEach(() => sandbox.close());

const dry = (
	options: IDataObject = {},
	parameters: IDataObject = {},
	onError: (typeof onErrors)[number] = 'stopWorkflow',
) => createCallNode({ ...parameters, options: { dryRun: true, ...options } }, { onError });

const runOf = async (node = dry(), items: IDataObject[] = leads(3), on = engine): Promise<Run> => {
	const started = on.start({ items, node, settings: { timezone: 'Asia/Kolkata' } });
	return await runUntilDone(sandbox, started);
};

const jsonOf = ({ success }: Run) => success.map(({ json }) => json);
const hints = ({ hints: given }: Run) => given.map(({ message }) => message);

const fiveRows = leads(5).map((lead, row) =>
	row === 1 ? { ...lead, phone: '12345' } : row === 3 ? { ...lead, phone: '' } : lead,
);

it.each(onErrors)('a dry run shows all five rows, of which two are bad (%s)', async (onError) => {
	const node = dry({}, {}, onError);
	const { status, success, errors, ...run } = await runOf(node, fiveRows);
	const toErrorOutput = onError === 'continueErrorOutput';
	const bad = (row: number, message: RegExp, result: string, given: string) => ({
		pairedItem: { item: row },
		json: {
			...(!toErrorOutput && { result, to_number: given, to_country: null, rings_now: false }),
			error: {
				code: 'INVALID_NUMBER',
				message: expect.stringMatching(message),
				source: 'n8n',
				status: null,
				outcome: 'not_placed',
				attempts: 0,
				dry_run: true,
			},
		},
	});
	const good = (row: number) => ({
		pairedItem: { item: row },
		json: {
			result: 'would ring now',
			dry_run: true,
			to_number: phone(row),
			to_country: 'IN',
			from_number: '+917971441943',
			assistant_id: 'asst_demo',
			input_parameters: {},
			rings_now: true,
		},
	});
	const all = [...success, ...errors].sort(
		(one, other) => Object(one.pairedItem).item - Object(other.pairedItem).item,
	);
	expect(status).toBe('success');
	expect(all).toMatchObject([
		good(0),
		bad(
			1,
			/^To Number is not an international phone number/,
			'INVALID_NUMBER: To Number is not an international phone number',
			'12345',
		),
		good(2),
		bad(3, /^To Number is empty/, 'INVALID_NUMBER: To Number is empty', ''),
		good(4),
	]);
	expect(errors).toHaveLength(toErrorOutput ? 2 : 0);
	expect(run.hints.map(({ message }) => message)).toEqual([
		'Dry run: nobody was phoned. 3 items would be phoned now; 2 items cannot be called: see the column result.',
	]);
	expect(sandbox.seen.requests).toEqual([]);
});

it('a dry run shows what Twenty2 would be sent', async () => {
	const node = dry(
		{ additionalBodyFields: '{"campaign": "November"}' },
		{
			defaultCountry: 'IN',
			inputParameters: { parameter: [{ name: 'customerName', value: '={{ $json.name }}' }] },
			fromNumber: '079714 41943',
			waitForCompletion: true,
		},
	);
	expect(jsonOf(await runOf(node, [{ name: 'Asha', phone: '098765 43210' }]))).toEqual([
		{
			result: 'would ring now',
			dry_run: true,
			to_number: '+919876543210',
			to_country: 'IN',
			from_number: '+917971441943',
			assistant_id: 'asst_demo',
			input_parameters: { customerName: 'Asha' },
			additional_body_fields: { campaign: 'November' },
			rings_now: true,
		},
	]);
});

it.each([
	[
		'inside',
		'12:01',
		{ rings_now: true, timezone: 'Asia/Kolkata', outside_calling_hours: false },
		'3 items would be phoned now.',
	],
	[
		'outside',
		'12:00',
		{
			rings_now: false,
			timezone: 'Asia/Kolkata',
			outside_calling_hours: true,
			next_allowed_at: '2026-05-23T09:00:00+05:30',
		},
		'3 items would be refused now: outside Calling Hours until Sat 09:00 (Asia/Kolkata).',
	],
])(
	'a dry run says whether it is %s of the Calling Hours, and calls no other item ready',
	async (_, to, told, hint) => {
		const run = await runOf(
			dry({ callingHours: { hours: { from: '09:00', to, zone: 'workflow' } } }),
		);
		expect(jsonOf(run).map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
		expect(jsonOf(run)[0]).toMatchObject(told);
		expect(hints(run)).toEqual([`Dry run: nobody was phoned. ${hint}`]);
		expect(sandbox.seen.requests).toEqual([]);
	},
);

it('a dry run refuses what a real run would refuse', async () => {
	const options = { maxRetries: -1, deduplicationKey: '={{ $json.name }}' };
	const [item] = jsonOf(await runOf(dry(options)));
	expect(item?.error).toMatchObject({ code: 'INVALID_INPUT', dry_run: true });
});

it.each([
	['empty', { apiKey: '' }, /^API Key in the Twenty2 credential/],
	['missing', undefined, /credentials/],
])('a dry run shows what is known also where the credential is %s', async (_, changes, message) => {
	const node = changes ? dry() : { ...dry(), credentials: {} };
	const run = await runOf(node, fiveRows, engineFor(sandbox, changes));
	expect(run.status).toBe('success');
	const errors = jsonOf(run).map(({ error }) => Object(error));
	expect(errors.map(({ code }) => code)).toEqual([
		'INVALID_INPUT',
		'INVALID_NUMBER',
		'INVALID_INPUT',
		'INVALID_NUMBER',
		'INVALID_INPUT',
	]);
	expect(errors[0]).toMatchObject({ message: expect.stringMatching(message), dry_run: true });
	expect(jsonOf(run)[0]).toMatchObject({ to_number: phone(0), dry_run: true, rings_now: false });
});

it('a dry run is on once it was added, and off where it was not added or switched off', async () => {
	const { options = [] } =
		new Twenty2().description.properties.find(
			({ name, displayOptions }) =>
				name === 'options' && displayOptions?.show?.operation?.includes('createCall'),
		) ?? {};
	const added = options.find(({ name }) => name === 'dryRun');
	// What the editor puts into the workflow when the option is added.
	expect(added).toMatchObject({ displayName: 'Dry Run', default: true });
	const phoned = async (given: IDataObject) => {
		sandbox.reset();
		await runOf(createCallNode({ options: given }, { onError: 'continueRegularOutput' }));
		return sandbox.seen.calls.length;
	};
	expect(await phoned({ dryRun: true })).toBe(0);
	expect(await phoned({ dryRun: false })).toBe(3);
	expect(await phoned({})).toBe(3);
	expect(await phoned({ maxRetries: 2 })).toBe(3);
	expect(await phoned({ dryRun: null })).toBe(0);
});

it('a dry run names the earlier item that has the same key, and no item where there is none', async () => {
	const items = [
		{ phone: phone(0), email: 'asha@example.com' },
		{ phone: phone(1) },
		{ phone: 'nobody', email: 'ravi@example.com' },
		{ phone: phone(3) },
		{ phone: phone(4), email: 'ravi@example.com' },
		{ phone: phone(5) },
		{ phone: phone(6), email: ' asha@example.com ' },
	];
	const node = dry({ deduplicationKey: '=november-{{ $json.email }}' });
	const shown = jsonOf(await runOf(node, items));
	// Nobody is phoned for the third, so its key is free for the fifth.
	expect(shown.map(({ same_key_as_item: item }) => item)).toEqual([
		undefined,
		undefined,
		undefined,
		1,
		undefined,
		1,
		undefined,
	]);
	expect(shown.filter((json) => 'same_key_as_item' in json)).toHaveLength(2);
	const trimmed = await runOf(dry({ deduplicationKey: '={{ $json.email }} ' }), [
		{ phone: phone(0), email: 'asha@example.com' },
		{ phone: phone(1), email: ' asha@example.com ' },
	]);
	expect(jsonOf(trimmed)[1]).toMatchObject({ same_key_as_item: 0 });
	const without = await runOf(dry(), [{ phone: phone(0) }, { phone: phone(0) }]);
	expect(jsonOf(without).some((json) => 'same_key_as_item' in json)).toBe(false);
});

it('a dry run tells of six rows who is phoned now, who later and who not, in its first columns alone', async () => {
	const items = [
		{ phone: '+919876543210', email: 'a' },
		{ phone: '12345', email: 'b' },
		{ phone: '+919876543211', email: 'a' },
		{ phone: '+4915123456789', email: 'c' },
		{ phone: '+819012345678', email: 'd' },
		{ phone: '+919876543212', email: 'e' },
	];
	const options = {
		callingHours: { hours: { from: '08:00', to: '15:00' } },
		deduplicationKey: '={{ $json.email }}',
		maxCalls: 2,
	};
	const run = await runOf(dry(options, {}, 'continueRegularOutput'), items);
	const columns = jsonOf(run).map((json) => Object.entries(json).slice(0, 3));
	const row = (...[result, to_number, to_country]: unknown[]) =>
		Object.entries({ result, to_number, to_country });
	expect(columns).toEqual([
		row('would ring now', '+919876543210', 'IN'),
		row('INVALID_NUMBER: To Number is not an international phone number', '12345', null),
		row('DUPLICATE_CALL: has the key of item 0', '+919876543211', 'IN'),
		row('would ring now', '+4915123456789', 'DE'),
		row('OUTSIDE_CALLING_HOURS: until Sat 08:00 (Asia/Tokyo)', '+819012345678', 'JP'),
		row('CALL_LIMIT_REACHED: after 2 calls', '+919876543212', 'IN'),
	]);
	expect(hints(run)).toEqual([
		'Dry run: nobody was phoned. 2 items would be phoned now; 1 item would be refused now: outside Calling Hours until Sat 08:00 (Asia/Tokyo); 1 item has the key of item 0; 1 item would be beyond Max Calls per Execution; 1 item cannot be called: see the column result.',
	]);
	expect(sandbox.seen.requests).toEqual([]);
});

it('a dry run has the fields of each row beside its columns with Include Input Fields, of bad ones too', async () => {
	const run = await runOf(dry({ includeInputFields: true }), [
		{ phone: phone(0), name: 'Asha' },
		{ phone: '12345', name: 'Ravi', result: 'of the row' },
	]);
	expect(jsonOf(run)).toMatchObject([
		{ result: 'would ring now', name: 'Asha' },
		{ result: expect.stringMatching(/^INVALID_NUMBER/), name: 'Ravi' },
	]);
});

it('a dry run records nothing, and a later real run phones everybody', async () => {
	const key = { deduplicationKey: '={{ $json.phone }}' };
	const run = await runOf(dry(key));
	expect(run.data.executionData?.contextData).toEqual({});
	const real = await runOf(createCallNode({ options: key }));
	expect(jsonOf(real).map(({ status }) => status)).toEqual(leads(3).map(() => 'queued'));
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(3)));
});

it('a dry run shows calls that were placed under their key as well, and repeats none', async () => {
	const key = { deduplicationKey: '={{ $json.phone }}' };
	await runOf(createCallNode({ options: key }));
	await runOf(dry(key));
	const again = await runOf(createCallNode({ options: key }, { onError: 'continueErrorOutput' }));
	expect(again.errors.map(({ json }) => Object(json.error).code)).toEqual(
		leads(3).map(() => 'DUPLICATE_CALL'),
	);
});

it('a dry run can be one of some items, and the others are phoned', async () => {
	const items = leads(4).map((lead, row) => ({ ...lead, test: row % 2 === 0 }));
	Object.assign(items[2] ?? {}, { phone: 'nobody' });
	const run = await runOf(dry({ dryRun: '={{ $json.test }}' }), items);
	expect(run.status).toBe('success');
	expect(jsonOf(run)).toMatchObject([
		{ dry_run: true },
		{ status: 'queued' },
		{ error: { dry_run: true } },
		{ status: 'queued' },
	]);
	expect(sandbox.seen.perNumber()).toEqual({ [phone(1)]: 1, [phone(3)]: 1 });
	expect(hints(run)).toEqual([
		'Dry run: nobody was phoned for 2 items. 1 item would be phoned now; 1 item cannot be called: see the column result.',
	]);
});

it.each(['={{ $json.nothing }}', '={{ "yes" }}', 'true'])(
	'a Dry Run that is neither on nor off phones nobody (%s)',
	async (dryRun) => {
		const run = await runOf(dry({ dryRun }));
		expect(run.error).toMatchObject({ code: 'INVALID_INPUT' });
		expect(run.error?.message).toMatch(/^Dry Run must be true or false/);
		expect(sandbox.seen.requests).toEqual([]);
	},
);
