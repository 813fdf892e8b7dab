import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, getCallNode, leads, phone } from './twenty2';

const json = (text: string) => ({ specifyInputParameters: 'json', inputParametersJson: text });
const named = (...parameter: IDataObject[]) => ({ inputParameters: { parameter } });
const options = (changed: IDataObject) => ({ options: changed });

const createCall: Array<[string, IDataObject, string, string]> = [
	['a missing assistant', { assistantId: '={{ $json.nothing }}' }, 'INVALID_INPUT', 'Assistant ID'],
	['words for a number', { toNumber: 'not a number' }, 'INVALID_NUMBER', 'To Number'],
	['a sender without +', { fromNumber: '917971441943' }, 'INVALID_NUMBER', 'From Number'],
	[
		'a broken expression',
		{ toNumber: '={{ $("Nobody").item.json.phone }}' },
		'INVALID_INPUT',
		'To Number',
	],
	['a JSON list', json('[1]'), 'INVALID_INPUT', 'Input Parameters (JSON)'],
	[
		'a parameter given twice',
		named({ name: 'a', value: '1' }, { name: 'a', value: '2' }),
		'INVALID_INPUT',
		'"a" twice',
	],
	[
		'a parameter of undefined',
		named({ name: 'nick', value: '={{ $json.nothing }}' }),
		'INVALID_INPUT',
		'"nick"',
	],
	[
		'a body field that is there already',
		options({ additionalBodyFields: '{"to_number": "+14155550123"}' }),
		'INVALID_INPUT',
		'Additional Body Fields',
	],
	['retries in words', options({ maxRetries: '={{ "many" }}' }), 'INVALID_INPUT', 'Max Retries'],
	['no time to answer', options({ requestTimeoutSeconds: 0 }), 'INVALID_INPUT', 'Request Timeout'],
];

const getCall: Array<[string, IDataObject[string]]> = [
	['no ID', undefined],
	['an ID that leads elsewhere', '..'],
];

const credentials: Array<[string, IDataObject, string]> = [
	['a base URL without a scheme', { baseUrl: 'api.twentytwo.in' }, 'Base URL'],
	['no requests a minute', { requestsPerMinute: 0 }, 'Requests per Minute'],
	['lines in words', { concurrentCalls: 'three' }, 'Concurrent Calls'],
	['a key with a line break', { apiKey: 'sandbox-key\n' }, 'API Key'],
];

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

/** On the error output and under Stop Workflow; neither may send anything. */
const bothWays = async (
	node: typeof createCallNode,
	parameters: IDataObject,
	credential: IDataObject,
	items: IDataObject[],
) => {
	const engine = engineFor(sandbox, credential);
	const run = async (onError: 'continueErrorOutput' | 'stopWorkflow') =>
		await engine.run({ items, node: node(parameters, { onError }) });
	const continued = await run('continueErrorOutput');
	const stopped = await run('stopWorkflow');
	expect(sandbox.seen.requests).toEqual([]);
	return { error: continued.errors[0]?.json.error, thrown: stopped.error };
};

it.each(createCall)(
	'Create Call with %s is refused, naming the field',
	async (_, parameters, code, field) => {
		const { error, thrown } = await bothWays(createCallNode, parameters, {}, leads(1));
		expect(error).toEqual({
			code,
			message: expect.stringContaining(field),
			description: expect.any(String),
			status: null,
			source: 'n8n',
			outcome: 'not_placed',
			attempts: 0,
		});
		expect(thrown).toMatchObject({
			name: 'NodeApiError',
			code,
			message: expect.stringMatching(/No call was placed\.$/),
			context: { itemIndex: 0, data: { error } },
		});
		expect(JSON.stringify(error)).not.toMatch(/\bat .*:\d+|error:|zod/i);
	},
);

it.each(getCall)('Get Call with %s is refused, naming the field', async (_, id) => {
	const node = getCallNode;
	const { error, thrown } = await bothWays(node, { callId: '={{ $json.id }}' }, {}, [{ id }]);
	expect(error).toEqual({
		code: 'INVALID_INPUT',
		message: expect.stringContaining('Call ID'),
		description: expect.any(String),
		status: null,
		source: 'n8n',
		attempts: 0,
	});
	expect(thrown).toMatchObject({ name: 'NodeApiError', code: 'INVALID_INPUT' });
});

it.each(credentials)(
	'a credential with %s is refused, naming the field',
	async (_, credential, field) => {
		const { error, thrown } = await bothWays(createCallNode, {}, credential, leads(1));
		expect(error).toMatchObject({
			code: 'INVALID_INPUT',
			message: expect.stringContaining(`${field} in the Twenty2 credential`),
			outcome: 'not_placed',
			attempts: 0,
		});
		expect(thrown).toMatchObject({ name: 'NodeApiError', code: 'INVALID_INPUT' });
	},
);

it('the workspace API never dials a number outside India', async () => {
	const parameters = { authentication: 'workspace', toNumber: '+14155550123' };
	const { error } = await bothWays(createCallNode, parameters, {}, leads(1));
	expect(error).toMatchObject({
		code: 'INVALID_NUMBER',
		message: expect.stringContaining('To Number is not an Indian number'),
	});
});

it('an ID may be a number, and is trimmed of what was copied along', async () => {
	const engine = engineFor(sandbox);
	const items = [{ call_id: 12345 }, { call_id: ' call_1\n' }];
	await engine.run({ items, node: getCallNode({}, { onError: 'continueRegularOutput' }) });
	expect(sandbox.seen.requests.map(({ path }) => path).sort()).toEqual([
		'/v1/calls/12345',
		'/v1/calls/call_1',
	]);
});

it('bad input is found in every item before the first call is placed', async () => {
	const items = [...leads(20), { name: 'Lead 20', phone: 'not a number' }];
	const run = await engineFor(sandbox).run({ items, node: createCallNode() });
	expect(run.error).toMatchObject({ code: 'INVALID_NUMBER', context: { itemIndex: 20 } });
	expect(sandbox.seen.requests).toEqual([]);
});

it('bad input fails only its own item where the node continues', async () => {
	const items = [{ phone: 'not a number' }, { phone: phone(1) }];
	const node = createCallNode({}, { onError: 'continueRegularOutput' });
	const run = await engineFor(sandbox).run({ items, node });
	expect(
		run.success.map(({ json: { error, call_id } }) => [Boolean(error), Boolean(call_id)]),
	).toEqual([
		[true, false],
		[false, true],
	]);
});

/** Who is phoned for what is written, and what the others are told. */
const phonedFor = async (defaultCountry: string, written: Array<IDataObject[string]>) => {
	const items = written.map((given) => ({ phone: given }));
	const node = createCallNode({ defaultCountry }, { onError: 'continueErrorOutput' });
	const run = await engineFor(sandbox).run({ items, node });
	const errors = run.errors.map(({ json }) => Object(json.error));
	return { phoned: Object.keys(sandbox.seen.perNumber()).sort(), errors };
};

it('nobody is phoned for digits with two readings, and both are named', async () => {
	const { phoned, errors } = await phonedFor('IN', [
		'+8123456789',
		'14155550132',
		14155550132,
		'+81312345678',
		9876543210,
	]);
	expect(phoned).toEqual(['+81312345678', '+919876543210']);
	expect(errors).toEqual(
		[
			'+8123456789 (Japan) or +918123456789 (India)',
			'+9114155550132 (India) or +14155550132 (United States)',
			'+9114155550132 (India) or +14155550132 (United States)',
		].map((readings) =>
			expect.objectContaining({
				code: 'INVALID_NUMBER',
				message: expect.stringContaining(`To Number may be ${readings}`),
				outcome: 'not_placed',
			}),
		),
	);
});

it('nobody is phoned for a cell with two numbers', async () => {
	const { phoned, errors } = await phonedFor('DE', [
		'030 123456/57',
		'0171 1234567 / 68',
		['0171 1234567', '0171 1234568'],
		'030/1234567-8',
		'030/1234567',
	]);
	expect(phoned).toEqual(['+49301234567', '+493012345678']);
	expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([
		'INVALID_NUMBER: To Number may hold two numbers: enter one, or make an item of each (given: “…56/57”)',
		'INVALID_NUMBER: To Number may hold two numbers: enter one, or make an item of each (given: “…67 / 68”)',
		'INVALID_NUMBER: To Number is a list of 2, and takes one number: make an item of each (given: “…4568”)',
	]);
});

it('numbers are taken as lead forms, spreadsheets and linked tables hold them', async () => {
	const { phoned, errors } = await phonedFor('IN', [
		'p:+919876543210',
		'whatsapp:+919876543211',
		'"+919876543212"',
		'="9876543213"',
		'’98765 43214',
		['+919876543215'],
	]);
	expect(errors).toEqual([]);
	expect(phoned).toEqual([0, 1, 2, 3, 4, 5].map((n) => `+91987654321${n}`));
});

it('the message says what a spreadsheet did to a number', async () => {
	const { phoned, errors } = await phonedFor('IN', ['9.19877E+11', '#REF!']);
	expect(phoned).toEqual([]);
	expect(errors.map(({ message }) => message)).toEqual([
		expect.stringMatching(/^To Number has lost digits in a spreadsheet.*“…77E\+11”/),
		expect.stringMatching(/^To Number is what a spreadsheet shows in place of a value.*“#REF!”/),
	]);
});

it.each(['UK', 'GBR', 'Great Britain', '={{ "U.K." }}'])(
	'numbers are taken of the country that is called %s',
	async (country) => {
		const { phoned } = await phonedFor(country, ['07400 123456']);
		expect(phoned).toEqual(['+447400123456']);
	},
);

it('a number with a + needs no country that can be read', async () => {
	const { phoned, errors } = await phonedFor('Atlantis', ['+91 98765 43210', '98765 43211']);
	expect(phoned).toEqual(['+919876543210']);
	expect(errors).toMatchObject([
		{
			code: 'INVALID_INPUT',
			message: 'Default Country must be a country, e.g. India or IN, not “Atlantis”',
		},
	]);
});
