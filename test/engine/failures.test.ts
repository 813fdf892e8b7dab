import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Behaviour, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, getCallNode, phone } from './twenty2';

interface Row {
	behaviour: Behaviour;
	parameters?: IDataObject;
	credential?: IDataObject;
	/** What the item carries; where the generations differ, the workspace's beside it. */
	error: IDataObject;
	workspace?: IDataObject | 'placed';
	calls: number;
}

const refused = { source: 'twenty2', outcome: 'not_placed', attempts: 1 };
const lost = { source: 'n8n', outcome: 'unknown', attempts: 1 };
/** The workspace generation looks three times for the call. */
const lookedFor = { ...lost, attempts: 4 };

/** What something between n8n and Twenty2 says, also after it passed the request on. */
const proxied = (status: number, places = false) => ({
	kind: 'answer' as const,
	status,
	body: 'upstream failed',
	places,
});

/** What `test/faults` plays is not repeated here. */
const rows: Record<string, Row> = {
	'a wrong key': {
		behaviour: 'unanswered',
		credential: { apiKey: 'not-a-key' },
		error: { code: 'UNAUTHORIZED', status: 401, ...refused },
		calls: 0,
	},
	'a key without access': {
		behaviour: 'unanswered',
		credential: { apiKey: 'sandbox-key-without-access' },
		error: { code: 'FORBIDDEN', status: 403, ...refused },
		calls: 0,
	},
	'an unknown assistant': {
		behaviour: 'unanswered',
		parameters: { assistantId: 'asst_nobody' },
		error: { code: 'INVALID_ASSISTANT', status: 400, ...refused },
		workspace: { code: 'BAD_REQUEST', status: 400, ...refused },
		calls: 0,
	},
	'a number that Twenty2 refuses': {
		behaviour: 'refused',
		error: { code: 'INVALID_NUMBER', status: 400, ...refused },
		workspace: { code: 'BAD_REQUEST', status: 400, ...refused },
		calls: 0,
	},
	'a field error on a number': {
		behaviour: '422',
		error: {
			code: 'INVALID_NUMBER',
			status: 422,
			...refused,
			validation_errors: expect.any(Object),
		},
		calls: 0,
	},
	'a field error on the assistant': {
		behaviour: {
			kind: 'answer',
			status: 422,
			body: { success: false, statusCode: 422, validationErrors: { agent_id: ['is archived'] } },
		},
		error: {
			code: 'INVALID_ASSISTANT',
			status: 422,
			...refused,
			validation_errors: { agent_id: ['is archived'] },
		},
		calls: 0,
	},
	'a field error on anything else': {
		behaviour: '422 other',
		error: { code: 'VALIDATION_ERROR', status: 422, ...refused },
		calls: 0,
	},
	'too many requests, without end': {
		behaviour: '429 always',
		parameters: { options: { giveUpAfterSeconds: 1 } },
		error: { code: 'RATE_LIMIT_EXCEEDED', status: 429, ...refused },
		calls: 0,
	},
	'a code of tomorrow': {
		behaviour: 'unknown code',
		error: { code: 'QUOTA_OF_WORKSPACE_USED', status: 400, ...refused },
		workspace: { code: 'BAD_REQUEST', status: 400, ...refused },
		calls: 0,
	},
	'a proxy that says 500 and had passed the request on': {
		behaviour: proxied(500, true),
		error: { code: 'OUTCOME_UNKNOWN', status: 500, ...lost },
		workspace: 'placed',
		calls: 1,
	},
	'a proxy that waited too long for the request': {
		behaviour: proxied(408),
		error: { code: 'OUTCOME_UNKNOWN', status: 408, ...lost },
		workspace: { code: 'OUTCOME_UNKNOWN', status: 408, ...lookedFor },
		calls: 0,
	},
	'a number that is none': {
		behaviour: 'unanswered',
		parameters: { toNumber: 'not a number' },
		error: { code: 'INVALID_NUMBER', status: null, ...refused, source: 'n8n', attempts: 0 },
		calls: 0,
	},
	'a field left empty': {
		behaviour: 'unanswered',
		parameters: { assistantId: '={{ $json.nothing }}' },
		error: { code: 'INVALID_INPUT', status: null, ...refused, source: 'n8n', attempts: 0 },
		calls: 0,
	},
};

describe.each(['apiKey', 'workspace'] as const)('What went wrong (%s)', (authentication) => {
	let sandbox: Sandbox;
	// One a test: a pause that Twenty2 asked for holds back all that uses the key at that address.
	beforeEach(async () => {
		sandbox = await startSandbox({ requestsPerMinute: 10_000 });
	});
	afterEach(() => sandbox.close());

	it.each(Object.entries(rows))(
		'Create Call fails with one stable code after %s',
		async (_, row) => {
			sandbox.behave(phone(4), row.behaviour);
			const engine = engineFor(sandbox, row.credential);
			const run = await engine.run({
				items: [{ name: 'Asha', phone: phone(4) }],
				node: createCallNode(
					{ authentication, ...row.parameters },
					{ onError: 'continueErrorOutput' },
				),
			});

			expect(sandbox.seen.calls).toHaveLength(row.calls);
			const expected = authentication === 'workspace' && row.workspace ? row.workspace : row.error;
			if (expected === 'placed') {
				expect(run.errors).toEqual([]);
				expect(run.success[0]?.json.call_id).toBe(sandbox.seen.calls[0]?.call_id);
				return;
			}
			expect(run.success).toEqual([]);
			expect(run.errors).toEqual([
				{
					json: {
						name: 'Asha',
						phone: phone(4),
						error: expect.objectContaining({ ...expected, message: expect.any(String) }),
					},
					pairedItem: { item: 0 },
				},
			]);
		},
	);
});

/** A refusal with a code that is in nobody's documents. */
const ofTomorrow = (status: number, times?: number) => ({
	kind: 'answer' as const,
	status,
	body: { success: false, error: { code: 'OF_TOMORROW', message: 'Not now', status } },
	times,
});

describe.each(['apiKey', 'workspace'] as const)('A code of tomorrow (%s)', (authentication) => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ requestsPerMinute: 10_000 });
	});
	afterEach(() => sandbox.close());

	const create = async (options: IDataObject = {}) =>
		await engineFor(sandbox).run({
			items: [{ phone: phone(4) }],
			node: createCallNode({ authentication, options }, { onError: 'continueRegularOutput' }),
		});
	const read = async (options: IDataObject = {}) => {
		const placed = await create();
		return await engineFor(sandbox).run({
			items: [{ call_id: placed.success[0]?.json.call_id }],
			node: getCallNode({ authentication, options }, { onError: 'continueRegularOutput' }),
		});
	};

	it('an unknown code under 429 is waited out, without using up a retry', async () => {
		sandbox.behave(phone(4), ofTomorrow(429, 1));
		expect((await create({ maxRetries: 0 })).success[0]?.json).toHaveProperty('call_id');
		expect(sandbox.seen.refusals).toBe(1);
		expect(sandbox.seen.callsTo(phone(4))).toHaveLength(1);
	});

	it('an unknown code under 429 to a read is waited out as well', async () => {
		sandbox.behaveReads('*', ofTomorrow(429, 1));
		expect((await read({ maxRetries: 0 })).success[0]?.json).toHaveProperty('status');
		expect(sandbox.seen.refusals).toBe(1);
	});

	it.each([500, 503])('an unknown code under %i is tried again', async (status) => {
		sandbox.behave(phone(4), ofTomorrow(status, 1));
		sandbox.behaveReads('*', ofTomorrow(status, 1));
		expect((await read()).success[0]?.json).toHaveProperty('status');
		expect(sandbox.seen.callsTo(phone(4))).toHaveLength(1);
		// The workspace generation looks into the call logs before the call is placed again.
		const [create, ...others] = sandbox.seen.requests.map((request) => request.status);
		expect(create).toBe(status);
		expect(others).toEqual(
			authentication === 'workspace' ? [status, 200, 200, 200, 200] : [200, status, 200],
		);
	});

	it.each([429, 500, 503])(
		'an unknown code under %i comes out untouched in the end',
		async (status) => {
			sandbox.behave(phone(4), ofTomorrow(status));
			const { success } = await create({ maxRetries: 1, giveUpAfterSeconds: 1 });
			const attempts = status === 429 ? 1 : authentication === 'workspace' ? 8 : 2;
			expect(success[0]?.json.error).toMatchObject({
				code: 'OF_TOMORROW',
				message: 'Not now',
				status,
				source: 'twenty2',
				outcome: 'not_placed',
				attempts,
			});
			expect(sandbox.seen.calls).toEqual([]);
		},
	);

	it('an unknown code under 504 to a create is never dialled again', async () => {
		sandbox.behave(phone(4), ofTomorrow(504));
		const { success } = await create();
		expect(success[0]?.json.error).toMatchObject({
			code: 'OF_TOMORROW',
			status: 504,
			outcome: 'unknown',
			attempts: 1,
		});
		expect(sandbox.seen.requests).toHaveLength(1);
	});
});
