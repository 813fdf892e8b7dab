import { expect, it } from 'vitest';

import { Failure } from '../../../nodes/Twenty2/api/failure';
import { CallEnds } from '../../../nodes/Twenty2/operations/create/callEnds';
import { MissingLinks } from '../../../nodes/Twenty2/operations/missingLinks';
import type { Output, Run, Task } from '../../../nodes/Twenty2/operations/operation';
import { Ledger } from '../../../nodes/Twenty2/policy/ledger';
import { RunMarks } from '../../../nodes/Twenty2/policy/runMarks';
import { UsedKeys } from '../../../nodes/Twenty2/policy/usedKeys';
import {
	carryOut,
	type CarryOutOptions,
	type CheckedItem,
	type Shared,
} from '../../../nodes/Twenty2/run/items';
import { later, settle } from '../policy/fakeTime';

const ASHA = '+919876543210';

const sharedState = () => {
	const run = { name: '', index: 0, items: 0, isTool: false };
	return {
		ledger: new Ledger({}, run),
		marks: new RunMarks(run, { made: {}, metOthers: false }, undefined),
		keys: new UsedKeys(async () => await Promise.reject(new Error('no item has a key'))),
		ends: new CallEnds(),
		missingLinks: new MissingLinks(),
	};
};

/** Carries items out under Stop Workflow, unless told otherwise. */
const carried = async (items: CheckedItem[], changes: Partial<CarryOutOptions & Shared> = {}) => {
	const { stopAtFailure = true, canceled = new AbortController().signal, ...shared } = changes;
	return await carryOut(items, { ...sharedState(), ...shared }, { stopAtFailure, canceled });
};

/** What items are sent over that have a key in common. */
const connectionOf = (concurrentCalls: number) => ({
	access: { waited: { forLimit: 0, forRefusals: 0 } },
	limits: { requestsPerMinute: 60, concurrentCalls },
});

const shared = connectionOf(3);

const real = (task: Task | Failure, connection = shared) => ({ task, isDryRun: false, connection });
const dry = (task: Task | Failure) => ({ task, isDryRun: true, connection: shared });

const failure = Failure.ofNode('INVALID_NUMBER', 'Not a number');
const done = [{ json: { done: true } }];
const succeeds: Task = async () => done;
const fails: Task = async () => await Promise.reject(failure);

it('items have their results in the order of the input, whichever ends first', async () => {
	const slow = later<void>();
	const results = carried([
		real(async () => await slow.promise.then(() => [{ json: { slow: true } }])),
		real(succeeds),
	]);
	await settle();
	slow.resolve();
	expect(await results).toEqual({ results: [[{ json: { slow: true } }], done] });
});

it('as many items are carried out at a time as the credential allows calls', async () => {
	let atOnce = 0;
	let most = 0;
	const task: Task = async () => {
		most = Math.max(most, ++atOnce);
		await settle();
		atOnce--;
		return [];
	};
	const two = connectionOf(2);
	await carried(Array.from({ length: 7 }, () => real(task, two)));
	expect(most).toBe(2);
});

it('an item waits for no item of another key', async () => {
	const slow = later<Output[]>();
	const begun: number[] = [];
	const noting =
		(item: number, outputs: Promise<Output[]>): Task =>
		async () => {
			begun.push(item);
			return await outputs;
		};
	const [one, other] = [connectionOf(1), connectionOf(1)];
	const results = carried([
		real(noting(0, slow.promise), one),
		real(noting(1, Promise.resolve(done)), one),
		real(noting(2, Promise.resolve(done)), other),
		real(noting(3, Promise.resolve(done)), other),
	]);
	await settle();
	expect(begun).toEqual([0, 2, 3]);
	slow.resolve(done);
	expect(await results).toEqual({ results: [done, done, done, done] });
	expect(begun).toEqual([0, 2, 3, 1]);
});

it('no item is sent when one was found wrong, under Stop Workflow', async () => {
	const { results, stoppedBy } = await carried([real(succeeds), real(failure)]);
	expect(results[0]).toBeUndefined();
	expect(stoppedBy).toMatchObject([{ failure: { fields: failure.fields }, item: 1 }]);
});

it('an item fails alone where the node continues', async () => {
	const items = [real(fails), real(failure), real(succeeds)];
	const { results, stoppedBy } = await carried(items, { stopAtFailure: false });
	expect(results).toMatchObject([{ fields: failure.fields }, { fields: failure.fields }, done]);
	expect(stoppedBy).toBeUndefined();
});

it('items under way are awaited when another one has ended the run, and no further one begins', async () => {
	const slow = later<void>();
	let begun = 0;
	const two = connectionOf(2);
	const results = carried([
		real(async ({ signal, canceled }: Run) => {
			await slow.promise;
			return [{ json: { stopped: signal.aborted, canceled: canceled.aborted } }];
		}, two),
		real(fails, two),
		real(async () => [{ json: { begun: begun++ } }], two),
	]);
	await settle();
	slow.resolve();
	expect(await results).toMatchObject({
		results: [
			[{ json: { stopped: true, canceled: false } }],
			{ fields: failure.fields },
			undefined,
		],
		stoppedBy: [{ item: 1 }],
	});
	expect(begun).toBe(0);
});

it('a failed item says that the person may have been phoned when an earlier try left that open', async () => {
	const options = { ...sharedState(), stopAtFailure: false };
	options.ledger.entry(0, ASHA).state = { is: 'sent' };
	options.ledger.entry(1, ASHA).state = { is: 'placed', answer: { call_id: 'call_1' } };
	const { results } = await carried([real(failure), real(failure)], options);
	expect(results).toMatchObject([
		{ fields: { outcome: 'unknown' } },
		{ fields: { outcome: 'placed' } },
	]);
});

it('an item that meets a fault keeps what is known of its call', async () => {
	const options = { ...sharedState(), stopAtFailure: false };
	const task: Task = async ({ ledger }) => {
		Object.assign(ledger.entry(0, ASHA), { attempts: 2, state: { is: 'sent' } });
		throw new TypeError('x is not a function');
	};
	const { results } = await carried([real(task)], options);
	expect(results).toMatchObject([
		{ fields: { code: 'UNEXPECTED', outcome: 'unknown', attempts: 2 } },
	]);
});

it('an item has no result when the execution was stopped before it', async () => {
	const { results } = await carried([real(succeeds)], { canceled: AbortSignal.abort() });
	expect(results).toEqual([undefined]);
});

it('an item of a dry run that fails says so, and ends no run', async () => {
	const { results, stoppedBy } = await carried([dry(fails), dry(succeeds)]);
	expect(results).toMatchObject([{ fields: { dry_run: true } }, done]);
	expect(stoppedBy).toBeUndefined();
});
