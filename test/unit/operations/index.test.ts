import { NodeHelpers } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import * as operations from '../../../nodes/Twenty2/operations';
import { Twenty2 } from '../../../nodes/Twenty2/Twenty2.node';

const { description } = new Twenty2();

it.each(Object.entries(operations))(
	'the registry of operations has %s under its value',
	(name, { option }) => {
		expect(option.value).toBe(name);
	},
);

it('the registry of operations gives the node its operations, their fields and its subtitle', () => {
	const { properties, subtitle } = description;
	const field = properties.find(({ name }) => name === 'operation');
	const all = Object.values(operations);
	expect(field?.options).toEqual(all.map(({ option }) => option));
	expect(properties).toEqual(expect.arrayContaining(all.flatMap(({ fields }) => fields)));
	expect(subtitle).toBe(
		'={{ ({ createCall: "Create Call", getCall: "Get Call", getManyCalls: "Get Many Calls" })[$parameter["operation"]] }}',
	);
});

it.each([
	['createCall', 'Phone a person (a real call)'],
	['getCall', 'Get a call'],
	['getManyCalls', 'Get many calls'],
])('the action "%s" lands on the canvas as "%s"', (operation, name) => {
	expect(NodeHelpers.makeNodeName({ resource: 'call', operation }, description)).toBe(name);
});

it('an action that is picked in the panel is never n8n’s Custom API Call', () => {
	// n8n 1.123 and 2.41, `injectCustomApiCallOptions` of its load-nodes-and-credentials.js.
	const { defaultVersion, version } = description;
	expect(defaultVersion === undefined || defaultVersion === version).toBe(false);
});

it('the options of Create Call come in the order in which they are needed', () => {
	const { options = [] } =
		operations.createCall.fields.find(({ name }) => name === 'options') ?? {};
	const shown = options.filter((option) => 'type' in option && option.type !== 'hidden');
	expect(shown.map((option) => 'displayName' in option && option.displayName)).toEqual([
		'Dry Run',
		'Calling Hours',
		'Call Only Once per Key',
		'Max Calls per Execution',
		'Include Input Fields',
		'Include Transcript',
		'Download Recording',
		'Max Recording Size (MB)',
		'Max Wait (Minutes)',
		'Check Every (Seconds)',
		'Keep Trying When Busy (Seconds)',
		'Max Retries',
		'Request Timeout (Seconds)',
		'Call Again When Unsure (May Phone Twice)',
		'Additional Body Fields',
	]);
});

describe('What the fields say', () => {
	const { properties } = description;
	const texts = JSON.stringify(properties, (key, value: unknown) =>
		key === 'name' || key === 'value' ? undefined : value,
	);

	it('the fields use none of the words of engineers', () => {
		expect(texts).not.toMatch(/429|\bpoll|envelope|deduplicat/i);
	});
});
