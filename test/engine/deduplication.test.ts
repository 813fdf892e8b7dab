import {
	NodeConnectionTypes,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
} from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { startWithAnswers, type Answers } from './answers';
import type { Engine, Run, RunningExecution } from './engine';
import { resumesAfterStop } from './n8nCore';
import { processedKeys } from './processedKeys';
import { createCallNode, engineFor, leads, onceEach, phone } from './twenty2';
import { runUntilDone, settle, untilDone, untilSettled, useVirtualTime } from './virtualTime';

type Settings = Parameters<typeof createCallNode>[1];

const errorOutput: Settings = { onError: 'continueErrorOutput' };
const retryOnFail: Settings = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };

/** A node that phones `{{ $json.phone }}` once for each `{{ $json.key }}`. */
const onceANode = (options: IDataObject = {}, settings = errorOutput, parameters = {}) =>
	createCallNode(
		{ ...parameters, options: { deduplicationKey: '={{ $json.key }}', maxRetries: 0, ...options } },
		settings,
	);

/** Leads that each have a key of their own. */
const keyed = (count: number, from = 0) =>
	leads(from + count)
		.slice(from)
		.map((lead) => ({ ...lead, key: `november-${lead.name}` }));

const errorsOf = ({ errors }: Run) => errors.map(({ json }) => json.error);
const codesOf = ({ errors }: Run) => errors.map(({ json }) => Object(json.error).code);
const duplicates = (count: number) => Array<string>(count).fill('DUPLICATE_CALL');

/** A node that records something in its workflow, as n8n's Remove Duplicates does. */
const recorder = (keys: string[], mode: 'entries' | 'latestDate'): INodeType => ({
	description: {
		displayName: 'Recorder',
		name: 'recorder',
		group: ['transform'],
		version: 1,
		description: 'Records something',
		defaults: { name: 'Recorder' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		properties: [],
	},
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		await this.helpers.checkProcessedAndRecord(keys, 'workflow', { mode });
		return [this.getInputData()];
	},
});

describe('Call Only Once per Key', () => {
	let sandbox: Sandbox;
	let engine: Engine;
	let answers: Answers;
	beforeEach(async () => {
		({ sandbox, answers } = await startWithAnswers());
		engine = engineFor(sandbox);
	});
	afterEach(async () => {
		processedKeys.down = undefined;
		await sandbox.close();
	});

	const run = async (items: IDataObject[], node = onceANode()) => await engine.run({ items, node });

	it('a second execution phones nobody again under the same keys, and says so', async () => {
		await run(keyed(5));
		const again = await run(keyed(7));

		expect(again.success.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 5 }, { item: 6 }]);
		expect(codesOf(again)).toEqual(duplicates(5));
		expect(errorsOf(again)[0]).toEqual({
			code: 'DUPLICATE_CALL',
			message: 'The key "no…" was used before in this workflow',
			description: expect.stringContaining('another key'),
			status: null,
			source: 'n8n',
			outcome: 'not_placed',
			attempts: 0,
		});
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(7)));
	});

	it('whoever is called under a used key is not phoned', async () => {
		await run([{ phone: phone(0), key: 'family' }]);
		const again = await run([{ phone: phone(1), key: 'family' }]);
		expect(codesOf(again)).toEqual(duplicates(1));
		expect(sandbox.seen.calls).toHaveLength(1);
	});

	it('items of one run with the same key phone only the first of them', async () => {
		const items = leads(12).map((lead, n) => ({ ...lead, key: n % 4 }));
		const { success, ...rest } = await run(items);
		expect(success.map(({ pairedItem }) => pairedItem)).toEqual(
			[0, 1, 2, 3].map((item) => ({ item })),
		);
		expect(codesOf({ success, ...rest })).toEqual(duplicates(8));
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(4)));
	});

	it('executions with the same leads that run at once phone nobody twice, and no key gets lost', async () => {
		const runs = await Promise.all(Array.from({ length: 6 }, async () => await run(keyed(40))));
		expect(runs.flatMap(({ success }) => success)).toHaveLength(40);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(40)));
		expect(codesOf(await run(keyed(40)))).toEqual(duplicates(40));
	});

	it('no key gets lost while keys are given back and recorded at once', async () => {
		const refused = leads(60).filter((_, n) => n % 3 === 0);
		for (const lead of refused) sandbox.behave(lead.phone, 'refused');
		await Promise.all([0, 20, 40].map(async (from) => await run(keyed(20, from))));
		for (const lead of refused) sandbox.behave(lead.phone, 'unanswered');
		const again = await run(keyed(60));

		expect(again.success.map(({ pairedItem }) => pairedItem)).toEqual(
			leads(60).flatMap((_, item) => (item % 3 === 0 ? [{ item }] : [])),
		);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(60)));
	});

	it('a key is the same with spaces around it or without, as text or as a number', async () => {
		await run([
			{ phone: phone(0), key: ' Asha Rao ' },
			{ phone: phone(1), key: 42 },
			{ phone: phone(2), key: 0 },
		]);
		const again = await run([
			{ phone: phone(3), key: 'Asha Rao' },
			{ phone: phone(4), key: '42' },
			{ phone: phone(5), key: 0 },
		]);
		expect(codesOf(again)).toEqual(duplicates(3));
		expect((await run([{ phone: phone(6), key: 'asha rao' }])).success).toHaveLength(1);
	});

	it('a lead without the column of the key is refused, and does not switch the option off', async () => {
		expect(codesOf(await run([{ phone: phone(0) }]))).toEqual(['INVALID_INPUT']);
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('a key is not the value that a Remove Duplicates node of the workflow keeps', async () => {
		const [{ key = '' } = {}] = keyed(1);
		const values = [key, `placed ${key}`, `checked ${key}`];
		const remover = recorder(values, 'entries');
		const beside = engineFor(sandbox, {}, { 'test.remover': remover });
		await beside.run({ items: [{}], node: { type: 'test.remover' } });
		const items = keyed(1);
		expect((await beside.run({ items, node: onceANode() })).success).toHaveLength(1);
		expect(codesOf(await beside.run({ items, node: onceANode() }))).toEqual(duplicates(1));
	});

	it('a key belongs to one workflow', async () => {
		await run(keyed(1));
		const other = await engineFor(sandbox).run({ items: keyed(1), node: onceANode() });
		expect(other.success).toHaveLength(1);
	});

	it.each([
		['refused', 'INVALID_NUMBER'],
		['422 other', 'VALIDATION_ERROR'],
		['500 always', 'INTERNAL_ERROR'],
		['429 always', 'RATE_LIMIT_EXCEEDED'],
		['teapot', 'HTTP_418'],
	] as const)(
		'a key is free again when Twenty2 certainly phoned nobody (%s)',
		async (behaviour, code) => {
			sandbox.behave(phone(0), behaviour);
			const options = { giveUpAfterSeconds: 0 };
			const refused = await run(keyed(1), onceANode(options));
			sandbox.behave(phone(0), 'unanswered');
			const again = await run(keyed(1), onceANode({ giveUpAfterSeconds: 30 }));
			const oncemore = await run(keyed(1));

			expect([refused, again, oncemore].map(codesOf)).toEqual([[code], [], ['DUPLICATE_CALL']]);
			expect(again.success).toHaveLength(1);
		},
	);

	it('a key is free again when Twenty2 was not reached', async () => {
		const away = engineFor({ url: 'http://127.0.0.1:9' });
		const first = await away.run({ items: keyed(1), node: onceANode() });
		const second = await away.run({ items: keyed(1), node: onceANode() });
		expect([first, second].map(codesOf)).toEqual([['NETWORK_ERROR'], ['NETWORK_ERROR']]);
	});

	it('a key is free again when a field is wrong', async () => {
		await run(keyed(1), onceANode({}, errorOutput, { toNumber: 'not a number' }));
		expect((await run(keyed(1))).success).toHaveLength(1);
	});

	it('a key is free again for the next item of the run that has it', async () => {
		sandbox.behave(phone(0), 'refused');
		const items = leads(3).map((lead) => ({ ...lead, key: 'family' }));
		const done = await run(items);
		expect(codesOf(done)).toEqual(['INVALID_NUMBER', 'DUPLICATE_CALL']);
		expect(done.success.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 1 }]);
	});

	it.each([
		['place and cut', 'OUTCOME_UNKNOWN', 1],
		['502 html', 'OUTCOME_UNKNOWN', 0],
		['empty 200', 'INVALID_RESPONSE', 1],
		['odd 200', 'INVALID_RESPONSE', 1],
	] as const)(
		'a key stays in doubt when the outcome is unknown (%s)',
		async (behaviour, code, calls) => {
			sandbox.behave(phone(0), behaviour);
			const lost = await run(keyed(1));
			sandbox.behave(phone(0), 'unanswered');
			const again = await run(keyed(1));
			expect([lost, again].map(codesOf)).toEqual([[code], ['OUTCOME_UNKNOWN']]);
			expect(sandbox.seen.calls).toHaveLength(calls);
		},
	);

	it('a duplicate ends the run under Stop Workflow, before a call is placed after it', async () => {
		await run(keyed(1, 2));
		const stopped = await run(keyed(30), onceANode({}, {}));
		expect(stopped.error).toMatchObject({
			code: 'DUPLICATE_CALL',
			message: expect.stringMatching(
				/^The key "no…" was used before in this workflow \[item \d\]\. .*placed\.$/,
			),
			context: { itemIndex: 2, data: { error: { outcome: 'not_placed', attempts: 0 } } },
		});
		expect(sandbox.seen.calls.length).toBeLessThanOrEqual(5);
	});

	it('Retry On Fail takes no call for a duplicate of itself', async () => {
		sandbox.behave(phone(7), '500 twice');
		const done = await run(keyed(12), onceANode({}, retryOnFail));
		expect(done.error).toBeUndefined();
		expect(done.success).toHaveLength(12);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(12)));
	});

	it('Retry execution takes no call for a duplicate of itself, and the next execution phones nobody', async () => {
		sandbox.behave(phone(7), '500 once');
		const failed = await run(keyed(12), onceANode({}, {}));
		const done = await failed.retry();
		expect([failed.status, done.status]).toEqual(['error', 'success']);
		expect(done.success).toHaveLength(12);
		expect(codesOf(await run(keyed(12)))).toEqual(duplicates(12));
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(12)));
	});

	it.runIf(resumesAfterStop)(
		'Retry execution after Stop phones nobody twice, and everybody once',
		async () => {
			for (const lead of leads(9)) sandbox.behave(lead.phone, { kind: 'slow', ms: 50 });
			const running = await engine.start({ items: keyed(9), node: onceANode() });
			answers.after(2, () => running.cancel());
			const stopped = await running.finished;
			const done = await stopped.retry();
			// n8n has kept nothing of the execution, but the store has the keys.
			const phonedBefore = 9 - done.success.length;
			expect(phonedBefore).toBeGreaterThanOrEqual(2);
			expect(codesOf(done)).toEqual(duplicates(phonedBefore));
			expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(9)));
		},
	);

	it('a retry phones nobody who shares a key with another item', async () => {
		sandbox.behave(phone(2), '500 once');
		const items = ['a', 'a', 'b'].map((key, n) => ({ phone: phone(n), key }));
		const done = await run(items, onceANode({}, { ...errorOutput, ...retryOnFail }));
		const first = await engine.run({ items, node: onceANode({}, {}) });
		const again = await first.retry();
		expect(codesOf(done)).toContain('DUPLICATE_CALL');
		expect([first, again].map(({ error }) => error)).toMatchObject([
			{ code: 'DUPLICATE_CALL' },
			{ code: 'DUPLICATE_CALL' },
		]);
		expect(sandbox.seen.callsTo(phone(1))).toEqual([]);
	});

	it('a retry phones nobody whose key another execution has used in between', async () => {
		sandbox.behave(phone(0), '500 once');
		const failed = await run(keyed(1), onceANode({}, {}));
		await run(keyed(1));
		const again = await failed.retry();
		expect(again.error).toMatchObject({ code: 'DUPLICATE_CALL' });
		expect(sandbox.seen.calls).toHaveLength(1);
	});

	it('a retry says again that the outcome is unknown rather than that the call is a duplicate', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const lost = await run(keyed(1), onceANode({}, {}));
		const again = await lost.retry();
		expect([lost, again].map(({ error }) => error)).toMatchObject([
			{ code: 'OUTCOME_UNKNOWN' },
			{ code: 'OUTCOME_UNKNOWN' },
		]);
	});

	describe('with Call Again When Unsure', () => {
		const placeAgain = { retryUnknownOutcome: true };
		beforeEach(() => sandbox.behave(phone(0), { kind: 'cut', places: true, times: 1 }));

		it('with Call Again When Unsure the next attempt has the same key', async () => {
			const done = await run(keyed(1), onceANode({ ...placeAgain, maxRetries: 1 }));
			expect(done.success).toHaveLength(1);
			expect(sandbox.seen.calls).toHaveLength(2);
		});

		it('with Call Again When Unsure a key in doubt is no duplicate by Retry On Fail', async () => {
			const done = await run(keyed(1), onceANode(placeAgain, retryOnFail));
			expect(done.error).toBeUndefined();
			expect(sandbox.seen.calls).toHaveLength(2);
		});

		it('with Call Again When Unsure a key in doubt is no duplicate by Retry execution, and one afterwards', async () => {
			const lost = await run(keyed(1), onceANode(placeAgain, {}));
			const done = await lost.retry();
			expect([lost.status, done.status]).toEqual(['error', 'success']);
			expect(codesOf(await run(keyed(1)))).toEqual(['DUPLICATE_CALL']);
		});

		it('with Call Again When Unsure a key stays in doubt when the next try is refused', async () => {
			const lost = await run(keyed(1), onceANode(placeAgain, {}));
			sandbox.behave(phone(0), 'refused');
			const refused = await lost.retry();
			sandbox.behave(phone(0), 'unanswered');
			expect(refused.error).toMatchObject({ code: 'INVALID_NUMBER' });
			expect(codesOf(await run(keyed(1)))).toEqual(['OUTCOME_UNKNOWN']);
		});

		it('with Call Again When Unsure another execution uses a key in doubt again, and then it is a duplicate', async () => {
			const runs = [];
			for (let n = 0; n < 3; n++) runs.push(await run(keyed(1), onceANode(placeAgain)));
			expect(runs.map(codesOf)).toEqual([['OUTCOME_UNKNOWN'], [], ['DUPLICATE_CALL']]);
			expect(sandbox.seen.calls).toHaveLength(2);
		});
	});

	/** Does not wait long for another execution that may be placing the call. */
	const impatient = onceANode({ requestTimeoutSeconds: 1 });

	it('a key that n8n cannot record places no call, and the message says why', async () => {
		processedKeys.down = new Error('database is locked');
		const failed = await run(keyed(4));
		expect(errorsOf(failed)).toEqual(
			keyed(4).map(() =>
				expect.objectContaining({
					code: 'INVALID_INPUT',
					message:
						'The key of Call Only Once per Key could not be recorded by n8n, so the call was not placed: database is locked',
					outcome: 'not_placed',
					attempts: 0,
				}),
			),
		);
		expect(sandbox.seen.requests).toEqual([]);

		processedKeys.down = undefined;
		expect((await run(keyed(4))).success).toHaveLength(4);
	});

	it('a mark whose answer n8n lost is not taken for another call’s', async () => {
		processedKeys.loseAnswers = 1;
		const failed = await run(keyed(1));
		expect(errorsOf(failed)).toMatchObject([{ code: 'INVALID_INPUT', outcome: 'not_placed' }]);
		// The mark was written, and nothing tells that nobody was phoned.
		expect(codesOf(await run(keyed(1), impatient))).toEqual(['OUTCOME_UNKNOWN']);
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('a key that n8n cannot record names the Remove Duplicates node that keeps something else there', async () => {
		const latest = recorder(['2026-05-22'], 'latestDate');
		const beside = engineFor(sandbox, {}, { 'test.latest': latest });
		await beside.run({ items: [{}], node: { type: 'test.latest' } });
		const failed = await beside.run({ items: keyed(1), node: onceANode() });
		expect(errorsOf(failed)).toMatchObject([
			{
				code: 'INVALID_INPUT',
				message: expect.stringContaining('incompatible setting'),
				description: expect.stringContaining('Remove Duplicates'),
			},
		]);
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('a key that n8n cannot forget stays in doubt', async () => {
		sandbox.behave(phone(0), '500 always');
		const running = await engine.start({ items: keyed(1), node: onceANode({ maxRetries: 1 }) });
		answers.after(1, () => {
			processedKeys.down = new Error('database is locked');
		});
		const failed = await running.finished;
		processedKeys.down = undefined;

		expect(codesOf(failed)).toEqual(['INTERNAL_ERROR']);
		expect(codesOf(await run(keyed(1), impatient))).toEqual(['OUTCOME_UNKNOWN']);
	});

	it('a key that n8n cannot forget does not keep "Retry execution" from placing the call', async () => {
		sandbox.behave(phone(0), '500 twice');
		const node = {
			...onceANode({ maxRetries: 1, requestTimeoutSeconds: 1 }),
			onError: 'stopWorkflow' as const,
		};
		const running = await engine.start({ items: keyed(1), node });
		await expect.poll(() => sandbox.seen.requests.length).toBe(1);
		processedKeys.down = new Error('database is locked');
		const failed = await running.finished;
		processedKeys.down = undefined;

		const done = await failed.retry();
		expect(failed.status).toBe('error');
		expect(done.success).toHaveLength(1);
		expect(sandbox.seen.callsTo(phone(0))).toHaveLength(1);
		expect(codesOf(await run(keyed(1)))).toEqual(['DUPLICATE_CALL']);
	});

	it('a key is as much work for n8n’s store beside 10,000 keys as beside 10', async () => {
		/** How often 30 creates, one at a time, ask the store, and of how many keys. */
		const workBeside = async (count: number) => {
			const keys = Array.from({ length: count }, (_, n) => `other-${n}`);
			const others = { 'test.others': recorder(keys, 'entries') };
			const beside = engineFor(sandbox, { concurrentCalls: 1 }, others);
			await beside.run({ items: [{}], node: { type: 'test.others' } });

			const record = vi.spyOn(processedKeys, 'checkProcessedAndRecord');
			const forget = vi.spyOn(processedKeys, 'removeProcessed');
			const { success } = await beside.run({ items: keyed(30), node: onceANode() });
			const queries = [...record.mock.calls, ...forget.mock.calls].filter(
				([, scope]) => scope === 'workflow',
			);
			record.mockRestore();
			forget.mockRestore();
			expect(success).toHaveLength(30);
			return { queries: queries.length, keys: queries.flatMap(([items]) => items).length };
		};
		const few = await workBeside(10);
		expect(few.queries).toBeGreaterThanOrEqual(30);
		expect(await workBeside(10_000)).toEqual(few);
	});

	describe('with a second worker', () => {
		beforeEach(async () => {
			// Modules loaded once more know nothing of the first ones, like those of another process.
			vi.resetModules();
			const { Twenty2 } = await import('../../nodes/Twenty2/Twenty2.node');
			engine = engineFor(sandbox, {}, { 'test.elsewhere': new Twenty2() });
		});

		const runElsewhere = async (items: IDataObject[]) =>
			await run(items, { ...onceANode(), type: 'test.elsewhere' });

		it('a key does not get lost because another worker records keys at the same time', async () => {
			for (const lead of leads(80)) sandbox.behave(lead.phone, { kind: 'slow', ms: 5 });
			await Promise.all([run(keyed(40)), runElsewhere(keyed(40, 40))]);
			expect(codesOf(await run(keyed(80)))).toEqual(duplicates(80));
		});

		it('a key that one worker recorded is known to another one', async () => {
			await run(keyed(5));
			expect(codesOf(await runElsewhere(keyed(5)))).toEqual(duplicates(5));
		});
	});
});

describe('Call Only Once per Key of a call that is waited for', () => {
	useVirtualTime();

	it('the key of a call that is waited for is used as soon as it is placed', async () => {
		const sandbox = await startSandbox({ clock: () => performance.now(), talkMs: 60_000 });
		const engine = engineFor(sandbox);
		const node = onceANode({}, errorOutput, { waitForCompletion: true });
		const first = engine.start({ items: keyed(1), node });
		await settle(sandbox);
		const second = await untilDone(sandbox, [engine.start({ items: keyed(1), node })]);
		expect(second.runs.map(codesOf)).toEqual([['DUPLICATE_CALL']]);
		// No look was due yet.
		expect(sandbox.seen.requests).toHaveLength(1);
		const run = await runUntilDone(sandbox, first);
		expect(run.success[0]?.json).toMatchObject({ status: 'completed' });
		await sandbox.close();
	});
});

describe('Call Only Once per Key, while the execution is stopped', () => {
	useVirtualTime();
	let sandbox: Sandbox;
	let engine: Engine;
	beforeEach(async () => {
		sandbox = await startSandbox({ clock: () => performance.now(), refuseConcurrent: false });
		engine = engineFor(sandbox, { requestsPerMinute: 1 });
	});
	afterEach(() => sandbox.close());

	it('the key of a call that waits for the limit is free again when its execution is stopped', async () => {
		const running = await engine.start({ items: keyed(3), node: onceANode() });
		await settle(sandbox);
		running.cancel();
		await untilSettled(sandbox, running.finished);
		const { runs } = await untilDone(sandbox, [
			engine.start({ items: keyed(3), node: onceANode() }),
		]);

		expect(runs.map(codesOf)).toEqual([['DUPLICATE_CALL']]);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(3)));
	});

	it('an execution that is stopped does not wait for another call with the key', async () => {
		const items = leads(3).map((lead) => ({ ...lead, key: 'family' }));
		await untilDone(sandbox, [engine.start({ items: keyed(1, 9), node: onceANode() })]);
		const running = await engine.start({ items, node: onceANode() });
		await settle(sandbox);
		running.cancel();
		const { result } = await untilSettled(sandbox, running.finished);
		expect(result.status).toBe('canceled');

		const run = await runUntilDone(sandbox, engine.start({ items, node: onceANode() }));
		expect(run.success).toHaveLength(1);
	});
});

describe('Call Only Once per Key, after a crash', () => {
	useVirtualTime();
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ clock: () => Date.now(), refuseConcurrent: false });
	});
	let killed: RunningExecution | undefined;
	afterEach(async () => {
		killed?.cancel();
		if (killed) await untilSettled(sandbox, killed.finished);
		await sandbox.close();
	});

	/** An engine whose node `restarted` knows nothing of its other one, like a new process. */
	const engineWithRestart = async () => {
		vi.resetModules();
		const { Twenty2 } = await import('../../nodes/Twenty2/Twenty2.node');
		return engineFor(sandbox, { requestsPerMinute: 2 }, { 'test.restarted': new Twenty2() });
	};
	const restarted = (node: ReturnType<typeof onceANode>) => ({ ...node, type: 'test.restarted' });
	const create = (options: IDataObject, authentication: string) =>
		onceANode(options, errorOutput, { authentication });

	/** Starts a run that never goes on, as if its process were killed, and runs the same leads again. */
	const crashAndRunAgain = async (count: number, options = {}, authentication = 'apiKey') => {
		const engine = await engineWithRestart();
		const node = create(options, authentication);
		killed = await engine.start({ items: keyed(count), node });
		await settle(sandbox);
		for (const lead of leads(count)) sandbox.behave(lead.phone, 'unanswered');
		const { runs, seconds } = await untilDone(sandbox, [
			engine.start({ items: keyed(count), node: restarted(node) }),
		]);
		const again = runs[0];
		if (!again) throw new Error('It has not ended');
		return { again, numbers: sandbox.seen.perNumber(), seconds };
	};

	it('a lead that waited for the limit before a crash is phoned, and a used key takes no permit', async () => {
		const { again, numbers, seconds } = await crashAndRunAgain(4);
		expect(codesOf(again)).toEqual(duplicates(2));
		expect(again.success.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 2 }, { item: 3 }]);
		expect(numbers).toEqual(onceEach(leads(4)));
		expect(seconds).toBeLessThan(1);
	});

	it.each(['hang', 'place and hang'] as const)(
		'a key whose call was being placed before a crash is in doubt (%s)',
		async (behaviour) => {
			sandbox.behave(phone(0), behaviour);
			const { again } = await crashAndRunAgain(1);
			expect(errorsOf(again)).toEqual([
				{
					code: 'OUTCOME_UNKNOWN',
					message:
						'An earlier run may have placed a call under the key "no…", and it is not known whether it did',
					description: expect.stringContaining('Look the call up'),
					status: null,
					source: 'n8n',
					outcome: 'unknown',
					attempts: 0,
				},
			]);
			expect(sandbox.seen.requests).toHaveLength(1);
		},
	);

	it('a key whose call was being placed before a crash is phoned with Call Again When Unsure', async () => {
		sandbox.behave(phone(0), 'hang');
		const { again, numbers } = await crashAndRunAgain(1, { retryUnknownOutcome: true });
		expect(again.success).toHaveLength(1);
		expect(numbers).toEqual(onceEach(leads(1)));
	});

	it('a key whose first attempt was refused before a crash is phoned', async () => {
		sandbox.behave(phone(0), '500 always');
		const { again, numbers } = await crashAndRunAgain(1);
		expect(again.success).toHaveLength(1);
		expect(numbers).toEqual(onceEach(leads(1)));
	});

	describe('on the workspace API, with Call Again When Unsure', () => {
		const options = { retryUnknownOutcome: true };

		it('a key in doubt after a crash is not phoned again while the call logs list such a call', async () => {
			sandbox.behave(phone(0), 'place and hang');
			const { again, numbers } = await crashAndRunAgain(1, options, 'workspace');
			expect(errorsOf(again)).toMatchObject([{ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' }]);
			expect(numbers).toEqual(onceEach(leads(1)));
		});

		it('a key in doubt after a crash is not phoned again at night while they list such a call that has not begun', async () => {
			vi.setSystemTime(Date.UTC(2026, 4, 22, 18, 30));
			sandbox.pace.sleepsAtNight = true;
			sandbox.behave(phone(0), 'place and hang');
			const { again, numbers } = await crashAndRunAgain(1, options, 'workspace');
			expect(errorsOf(again)).toMatchObject([{ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' }]);
			expect(numbers).toEqual(onceEach(leads(1)));
		});

		it('a key in doubt after a crash is phoned again when the call logs list no such call', async () => {
			sandbox.behave(phone(0), 'hang');
			const { again, numbers } = await crashAndRunAgain(1, options, 'workspace');
			expect(again.success).toHaveLength(1);
			expect(numbers).toEqual(onceEach(leads(1)));
		});
	});
});
