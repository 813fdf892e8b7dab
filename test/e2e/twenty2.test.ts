import { describe, expect } from 'vitest';

import { createCampaign } from './campaign';
import { outputOf } from './execution';
import { printFigure } from './figure';
import { inN8n } from './n8nWithNode';
import { eventually } from './rest';
import {
	createCall,
	errorTrigger,
	leads,
	leadsOf,
	phone,
	setField,
	switchOnCode,
	webhook,
	workflow,
	type Lead,
} from './workflow';

const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };
const it = inN8n({ twenty2: { requestsPerMinute: 1_000, refuseConcurrent: false }, limits });

const onceEach = (numbers: string[]) => Object.fromEntries(numbers.map((number) => [number, 1]));
const phones = (given: Lead[]) => given.map((lead) => lead.phone);
const noRetries = { options: { maxRetries: 0 } };
const retryOnFail = { retryOnFail: true, maxTries: 3, waitBetweenTries: 10 };

const pair = { apiSecret: 'sandbox-secret', workspaceId: 'ws_sandbox' };

describe('the connection test', () => {
	it.for(['twenty2Api', 'twenty2WorkspaceApi'])(
		'The connection test tells the truth (%s)',
		async (type, { n8n, sandbox, account }) => {
			const test = async (changes: object) =>
				await n8n.testCredential(type, {
					...account,
					...(type === 'twenty2WorkspaceApi' && pair),
					...changes,
				});
			const right = await test({});
			const wrong = await test({ apiKey: 'not-a-key' });
			const barred = await test({ apiKey: 'sandbox-key-without-access' });
			const nobody = await test({ baseUrl: 'http://127.0.0.1:9' });

			expect(right.status).toBe('OK');
			expect([wrong, barred].map(({ status }) => status)).toEqual(['Error', 'Error']);
			// Twenty2's messages.
			expect(wrong.message).toMatch(/^API key is missing or invalid\. Copy the API key again/);
			expect(barred.message).toBe('API key has no access to this resource');
			expect(nobody).toEqual({
				status: 'Error',
				message: expect.stringContaining('http://127.0.0.1:9'),
			});
			expect(sandbox.seen.calls).toEqual([]);
		},
	);
});

describe('a campaign of 25 leads', () => {
	it('A campaign of 25 leads places 21 calls and sends each of four bad leads its own way', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const given = leads(25).map((lead) => ({ ...lead, assistant: 'asst_demo' }));
		Object.assign(given[3] ?? {}, { phone: 'not a number' });
		Object.assign(given[8] ?? {}, { assistant: 'asst_nobody' });
		sandbox.behave(phone(5), 'refused');
		sandbox.behave(phone(13), '422 other');
		sandbox.behave(phone(0), '500 twice');

		const codes = ['INVALID_NUMBER', 'INVALID_ASSISTANT', 'VALIDATION_ERROR'];
		const node = createCall(
			credential,
			{ assistantId: '={{ $json.assistant }}' },
			{ onError: 'continueErrorOutput' },
		);
		const created = await n8n.createWorkflow(
			workflow(
				'Campaign',
				[
					webhook('campaign'),
					leadsOf,
					node,
					switchOnCode(codes),
					setField('By n8n or Twenty2', 'source', '={{ $json.error.source }}'),
				],
				[
					['Webhook', 0, 'Leads'],
					['Leads', 0, 'Twenty2'],
					['Twenty2', 1, 'Switch'],
					['Switch', 0, 'By n8n or Twenty2'],
				],
			),
		);
		await n8n.activate(created);
		await n8n.callWebhook('campaign', { leads: given });
		const execution = await n8n.waitForExecution(created.id);

		expect(execution.status).toBe('success');
		const good = given.filter((_, row) => ![3, 5, 8, 13].includes(row));
		expect(sandbox.seen.perNumber()).toEqual(onceEach(phones(good)));
		expect(sandbox.seen.calls).toHaveLength(21);

		const placed = outputOf(execution, 'Twenty2', 0);
		expect(placed.map(({ json }) => json.call_id)).toEqual(
			good.map((lead) => sandbox.seen.callsTo(lead.phone)[0]?.call_id),
		);
		expect(placed.map(({ pairedItem }) => pairedItem)).toEqual(
			good.map((lead) => ({ item: given.indexOf(lead) })),
		);

		const branch = (index: number) =>
			outputOf(execution, 'Switch', index).map(({ json }) => ({ row: json.row, name: json.name }));
		expect(branch(0)).toEqual([3, 5].map((row) => ({ row, name: `Lead ${row}` })));
		expect(branch(1)).toEqual([{ row: 8, name: 'Lead 8' }]);
		expect(branch(2)).toEqual([{ row: 13, name: 'Lead 13' }]);
		expect(branch(3)).toEqual([]);
		expect(outputOf(execution, 'By n8n or Twenty2').map(({ json }) => json.source)).toEqual([
			'n8n',
			'twenty2',
		]);
	});
});

describe('a number of a million characters', () => {
	it('A number of a million characters is INVALID_NUMBER at once, and the others go on', async ({
		sandbox,
		campaign,
	}) => {
		const million = 1_000_000;
		const given = leads(6);
		Object.assign(given[1] ?? {}, { phone: ' '.repeat(million) });
		Object.assign(given[2] ?? {}, { phone: `98765${' '.repeat(million)}43210` });
		Object.assign(given[4] ?? {}, { phone: '9'.repeat(million) });
		const { run } = await campaign({ defaultCountry: 'IN' }, { onError: 'continueErrorOutput' });
		const from = performance.now();
		const execution = await run(given);
		const value = (performance.now() - from) / 1_000;
		printFigure({ what: 'Six leads, three of a million characters', value, unit: 's' });

		expect(outputOf(execution, 'Twenty2', 1).map(({ json }) => json.error)).toMatchObject([
			{ code: 'INVALID_NUMBER', message: 'To Number is empty' },
			{ code: 'INVALID_NUMBER', message: 'To Number is too long to be a phone number' },
			{ code: 'INVALID_NUMBER', message: 'To Number is too long to be a phone number' },
		]);
		expect(sandbox.seen.perNumber()).toEqual(onceEach([phone(0), phone(3), phone(5)]));
	});
});

describe('nobody is phoned twice', () => {
	it('Nobody is phoned twice by Retry On Fail with the error output, whose first lead always fails', async ({
		sandbox,
		campaign,
	}) => {
		sandbox.behave(phone(0), '500 always');
		const { run } = await campaign(noRetries, { onError: 'continueErrorOutput', ...retryOnFail });
		const execution = await run(leads(51));

		expect(sandbox.seen.perNumber()).toEqual(onceEach(phones(leads(51).slice(1))));
		expect(outputOf(execution, 'Twenty2', 0)).toHaveLength(50);
		expect(outputOf(execution, 'Twenty2', 1).map(({ json }) => json)).toMatchObject([
			{ name: 'Lead 0', error: { code: 'INTERNAL_ERROR', attempts: 3 } },
		]);
	});

	it('Nobody is phoned twice by Retry On Fail under Stop Workflow, when one fails twice and then works', async ({
		sandbox,
		campaign,
	}) => {
		sandbox.behave(phone(20), '500 twice');
		const { run } = await campaign(noRetries, retryOnFail);
		const execution = await run(leads(31));

		expect(execution.status).toBe('success');
		expect(outputOf(execution, 'Twenty2')).toHaveLength(31);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(phones(leads(31))));
	});

	it.for([false, true])(
		'Nobody is phoned twice by Retry execution, twice in a row (with the saved workflow: %s)',
		async (loadWorkflow, { n8n, sandbox, campaign }) => {
			sandbox.behave(phone(20), '500 twice');
			const { run } = await campaign(noRetries, {});
			const failed = await run(leads(31));
			const again = await n8n.retryExecution(failed.id, { loadWorkflow });
			const done = await n8n.retryExecution(again.id, { loadWorkflow });

			expect([failed, again, done].map(({ status }) => status)).toEqual([
				'error',
				'error',
				'success',
			]);
			expect(outputOf(done, 'Twenty2')).toHaveLength(31);
			expect(sandbox.seen.perNumber()).toEqual(onceEach(phones(leads(31))));
		},
	);

	it('Nobody is phoned twice by Retry execution of an execution whose retry has failed too, clicked twice', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		const once = { kind: 'refuse', status: 400, message: 'Not now', times: 1 } as const;
		for (const n of [0, 8]) sandbox.behave(phone(n), once);
		const { run } = await campaign(noRetries, {});
		const failed = await run(leads(9));
		const failedAgain = await n8n.retryExecution(failed.id);
		const retry = async () => await n8n.retryExecution(failed.id);
		const again = await Promise.all([retry(), retry()]);
		const done = await n8n.retryExecution(failedAgain.id);

		// What a retry has placed is stored with that retry.
		for (const { data } of again) {
			expect(data.resultData.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
		}
		expect([failed, failedAgain, done].map(({ status }) => status)).toEqual([
			'error',
			'error',
			'success',
		]);
		expect(outputOf(done, 'Twenty2')).toHaveLength(9);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(phones(leads(9))));
	});

	it('Nobody is phoned twice after a lost answer, by Retry On Fail and by Retry execution', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		sandbox.behave(phone(4), 'place and cut');
		const { run } = await campaign({}, retryOnFail);
		const failed = await run(leads(12));
		const again = await n8n.retryExecution(failed.id);

		for (const execution of [failed, again]) {
			expect(execution.data.resultData.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
		}
		expect(sandbox.seen.callsTo(phone(4))).toHaveLength(1);
		expect(new Set(Object.values(sandbox.seen.perNumber()))).toEqual(new Set([1]));
	});

	it('Nobody is phoned twice by Retry execution after a restart of n8n', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		sandbox.behave(phone(7), '500 once');
		const { run } = await campaign(noRetries, {});
		const failed = await run(leads(9));
		await n8n.restart();
		const done = await n8n.retryExecution(failed.id);

		expect(done.status).toBe('success');
		expect(sandbox.seen.perNumber()).toEqual(onceEach(phones(leads(9))));
	});

	it('Nobody is phoned twice by Retry execution after Stop, which itself sends nothing more', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		const given = leads(30);
		for (const number of phones(given)) sandbox.behave(number, { kind: 'slow', ms: 600 });
		const { id, start } = await campaign({}, { onError: 'continueErrorOutput' });
		await start(given);
		await eventually('Some calls', 60, async () => sandbox.seen.requests.length > 8 || undefined);
		const [running] = await n8n.executions(id);
		await n8n.stopExecution(running?.id ?? '');
		const sent = sandbox.seen.requests.length;
		const stopped = await n8n.waitForExecution(id);
		await eventually(
			'The answers',
			60,
			async () => sandbox.seen.requests.every(({ status }) => status === 200) || undefined,
		);
		expect(stopped.status).toBe('canceled');
		expect(sandbox.seen.requests).toHaveLength(sent);

		const done = await n8n.retryExecution(stopped.id);
		// n8n reports the retry of a stopped execution as failed, because it keeps the error of the Stop.
		expect(outputOf(done, 'Twenty2')).toHaveLength(10);
		const inDoubt = outputOf(done, 'Twenty2', 1).map(({ json }) => Object(json.error).code);
		expect(inDoubt).toEqual(Array<string>(20).fill('OUTCOME_UNKNOWN'));
		expect(new Set(Object.values(sandbox.seen.perNumber()))).toEqual(new Set([1]));
	});
});

describe('Stop Workflow', () => {
	it('Stop Workflow places no call at all when one number is bad', async ({
		sandbox,
		campaign,
	}) => {
		const given = [...leads(10), { name: 'Bad', phone: 'not a number' }];
		const { run } = await campaign({}, {});
		const execution = await run(given);
		expect(execution.status).toBe('error');
		expect(execution.data.resultData.error).toMatchObject({
			name: 'NodeApiError',
			code: 'INVALID_NUMBER',
			message: expect.stringContaining('No call was placed'),
			context: { itemIndex: 10 },
		});
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('Stop Workflow tells an Error Trigger workflow the code', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const catcher = await n8n.createWorkflow(
			workflow(
				'When it fails',
				[errorTrigger, setField('Code', 'code', '={{ $json.execution.error.code }}')],
				[['Error Trigger', 0, 'Code']],
			),
		);
		await n8n.activate(catcher);
		const path = 'with-error-workflow';
		const created = await n8n.createWorkflow(
			workflow(
				path,
				[webhook(path), leadsOf, createCall(credential)],
				[
					['Webhook', 0, 'Leads'],
					['Leads', 0, 'Twenty2'],
				],
				{ errorWorkflow: catcher.id },
			),
		);
		await n8n.activate(created);
		sandbox.behave(phone(2), 'refused');
		await n8n.callWebhook(path, { leads: leads(3) });
		const failed = await n8n.waitForExecution(created.id);
		const caught = await n8n.waitForExecution(catcher.id);

		expect(outputOf(caught, 'Code').map(({ json }) => json)).toMatchObject([
			{ code: 'INVALID_NUMBER' },
		]);
		expect(failed.data.resultData.error).toMatchObject({
			name: 'NodeApiError',
			httpCode: '400',
			code: 'INVALID_NUMBER',
			message: expect.stringMatching(/\. 2 calls were already placed\.$/),
			description: expect.stringContaining('To place only the missing calls'),
			context: { itemIndex: 2, data: { error: { code: 'INVALID_NUMBER', outcome: 'not_placed' } } },
		});
	});
});

describe.concurrent.each(['apiKey', 'workspace'] as const)('every code (%s)', (authentication) => {
	const refused = { source: 'twenty2', outcome: 'not_placed', attempts: 1 };
	const lost = { source: 'n8n', outcome: 'unknown', attempts: 1 };
	const codeless = authentication === 'workspace' ? 'BAD_REQUEST' : undefined;
	// On the workspace API, a lost answer, and trouble at Twenty2, are looked up in the call logs.
	const searched = { ...lost, attempts: authentication === 'workspace' ? 4 : 1 };
	const troubled = { ...refused, attempts: authentication === 'workspace' ? 8 : 2 };
	const found = authentication === 'workspace' ? ['place and cut', 'place and hang'] : [];

	it(`Every code comes out as documented (${authentication})`, async ({ sandbox, campaign }) => {
		const rows = [
			['500 always', { code: 'INTERNAL_ERROR', status: 500, ...troubled }],
			['503 always', { code: 'INTERNAL_ERROR', status: 503, ...troubled }],
			['refused', { code: codeless ?? 'INVALID_NUMBER', status: 400, ...refused }],
			['422', { code: 'INVALID_NUMBER', status: 422, ...refused }],
			['422 other', { code: 'VALIDATION_ERROR', status: 422, ...refused }],
			['envelope under 200', { code: codeless ?? 'INVALID_NUMBER', status: 400, ...refused }],
			['unknown code', { code: codeless ?? 'QUOTA_OF_WORKSPACE_USED', status: 400, ...refused }],
			['teapot', { code: 'HTTP_418', status: 418, ...refused }],
			['502 html', { code: 'OUTCOME_UNKNOWN', status: 502, ...searched }],
			['504 html', { code: 'OUTCOME_UNKNOWN', status: 504, ...searched }],
			['place and cut', { code: 'OUTCOME_UNKNOWN', status: null, ...lost }],
			['place and hang', { code: 'OUTCOME_UNKNOWN', status: null, ...lost }],
			['empty 200', { code: 'INVALID_RESPONSE', status: 200, ...lost }],
			['odd 200', { code: 'INVALID_RESPONSE', status: 200, ...lost }],
		] as const;
		const given = leads(rows.length);
		rows.forEach(([behaviour], n) => sandbox.behave(phone(n), behaviour));
		// Short only for the request without an answer.
		const hang = rows.findIndex(([behaviour]) => behaviour === 'place and hang');
		const requestTimeoutSeconds = `={{ $json.row === ${hang} ? 5 : 30 }}`;
		const options = { maxRetries: 1, requestTimeoutSeconds };
		const { run } = await campaign({ authentication, options }, { onError: 'continueErrorOutput' });
		const execution = await run(given);

		const isFound = ([behaviour]: (typeof rows)[number]) => found.includes(behaviour);
		expect(outputOf(execution, 'Twenty2', 0).map(({ json }) => json.call_id)).toEqual(
			rows.flatMap((row, n) =>
				isFound(row) ? [sandbox.seen.callsTo(phone(n))[0]?.call_id ?? 'not placed'] : [],
			),
		);
		const errors = outputOf(execution, 'Twenty2', 1).map(({ json }) => json.error);
		expect(errors).toEqual(
			rows
				.filter((row) => !isFound(row))
				.map(([, error]) =>
					expect.objectContaining({ ...error, message: expect.stringMatching(/\S/) }),
				),
		);
	});

	it.for([
		['A wrong key', { apiKey: 'not-a-key' }, { code: 'UNAUTHORIZED', status: 401, ...refused }],
		[
			'A key without access',
			{ apiKey: 'sandbox-key-without-access' },
			{ code: 'FORBIDDEN', status: 403, ...refused },
		],
		[
			'Nobody at the address',
			{ baseUrl: 'http://127.0.0.1:9' },
			{ code: 'NETWORK_ERROR', status: null, ...refused, source: 'n8n' },
		],
		[
			'A base URL without a scheme',
			{ baseUrl: '127.0.0.1:9' },
			{ code: 'INVALID_INPUT', status: null, ...refused, source: 'n8n', attempts: 0 },
		],
	] as const)(
		`%s comes out as documented (${authentication})`,
		async ([, changes, error], { n8n, account }) => {
			const type = authentication === 'workspace' ? 'twenty2WorkspaceApi' : 'twenty2Api';
			const other = await n8n.createCredential(type, 'Other', {
				...account,
				...(type === 'twenty2WorkspaceApi' && pair),
				...changes,
			});
			const { run } = await createCampaign(
				n8n,
				other,
				{ authentication, ...noRetries },
				{ onError: 'continueRegularOutput' },
			);
			const execution = await run(leads(1));
			// Under Continue the failed item has the fields of its input item.
			expect(outputOf(execution, 'Twenty2').map(({ json }) => json)).toMatchObject([
				{ ...leads(1)[0], error },
			]);
		},
	);

	it(`A 429 is waited out, and given up on after its time (${authentication})`, async ({
		sandbox,
		campaign,
	}) => {
		const phoneAsha = async (options: object) => {
			const { run } = await campaign(
				{ authentication, options },
				{ onError: 'continueErrorOutput' },
			);
			return await run(leads(1));
		};
		sandbox.behave(phone(0), '429 once');
		expect(outputOf(await phoneAsha({}), 'Twenty2', 0)).toHaveLength(1);
		expect(sandbox.seen.refusals).toBe(1);

		sandbox.behave(phone(0), '429 always');
		const refusedToTheEnd = await phoneAsha({ giveUpAfterSeconds: 2 });
		expect(outputOf(refusedToTheEnd, 'Twenty2', 1)[0]?.json.error).toMatchObject({
			code: 'RATE_LIMIT_EXCEEDED',
			status: 429,
			source: 'twenty2',
			outcome: 'not_placed',
		});
	});

	it(`Every code of Get Call comes out as documented (${authentication})`, async ({
		sandbox,
		campaign,
	}) => {
		const read = { source: 'twenty2', attempts: 1 };
		const rows = [
			['404', { code: 'CALL_NOT_FOUND', status: 404, ...read }],
			['500 always', { code: 'INTERNAL_ERROR', status: 500, ...read, attempts: 2 }],
			['502 html', { code: 'HTTP_502', status: 502, ...read }],
			['odd 200', { code: 'INVALID_RESPONSE', status: 200, ...read, source: 'n8n' }],
			['cut', { code: 'TIMEOUT', status: null, ...read, source: 'n8n', attempts: 2 }],
			['hang', { code: 'TIMEOUT', status: null, ...read, source: 'n8n', attempts: 2 }],
		] as const;
		for (const [behaviour] of rows) {
			const id = behaviour.replace(' ', '_');
			if (behaviour !== '404') sandbox.behaveReads(id, behaviour);
		}
		const { run } = await campaign(
			{
				authentication,
				operation: 'getCall',
				callId: '={{ $json.phone }}',
				// Short only for the request without an answer.
				options: { maxRetries: 1, requestTimeoutSeconds: "={{ $json.name === 'hang' ? 1 : 30 }}" },
			},
			{ onError: 'continueErrorOutput' },
		);
		const execution = await run(
			rows.map(([behaviour]) => ({ name: behaviour, phone: behaviour.replace(' ', '_') })),
		);
		const errors = outputOf(execution, 'Twenty2', 1).map(({ json }) => json.error);
		expect(errors).toEqual(rows.map(([, error]) => expect.objectContaining(error)));
		for (const error of errors) expect(error).not.toHaveProperty('outcome');
	});

	it(`Get Call finds the call that Create Call placed, under the same names (${authentication})`, async ({
		n8n,
		sandbox,
		credential,
		workspace,
	}) => {
		const chosen = authentication === 'workspace' ? workspace : credential;
		const path = `read-back-${authentication}`;
		const place = createCall(chosen, { authentication });
		const look = {
			...createCall(chosen, { authentication, operation: 'getCall' }),
			name: 'Look Up',
			parameters: { authentication, operation: 'getCall', callId: '={{ $json.call_id }}' },
		};
		const created = await n8n.createWorkflow(
			workflow(
				path,
				[webhook(path), leadsOf, place, look],
				[
					['Webhook', 0, 'Leads'],
					['Leads', 0, 'Twenty2'],
					['Twenty2', 0, 'Look Up'],
				],
			),
		);
		await n8n.activate(created);
		await n8n.callWebhook(path, { leads: leads(2) });
		const execution = await n8n.waitForExecution(created.id);
		expect(outputOf(execution, 'Look Up').map(({ json }) => json)).toEqual(
			leads(2).map((lead) =>
				expect.objectContaining({
					call_id: sandbox.seen.callsTo(lead.phone)[0]?.call_id,
					status: expect.any(String),
					from_number: '+917971441943',
					assistant_id: 'asst_demo',
				}),
			),
		);
	});
});
