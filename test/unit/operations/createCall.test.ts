import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';

import type { Twenty2 } from '../../../nodes/Twenty2/api/client';
import { Failure, outcomeUnknown } from '../../../nodes/Twenty2/api/failure';
import type { Media } from '../../../nodes/Twenty2/api/media/files';
import { createCall } from '../../../nodes/Twenty2/operations/createCall';
import { CallEnds } from '../../../nodes/Twenty2/operations/create/callEnds';
import { PlannedCalls } from '../../../nodes/Twenty2/operations/create/plannedCalls';
import { isDryRun } from '../../../nodes/Twenty2/operations/create/dryRun';
import { ringLater } from '../../../nodes/Twenty2/operations/create/ringingTime';
import { MissingLinks } from '../../../nodes/Twenty2/operations/missingLinks';
import type { Run } from '../../../nodes/Twenty2/operations/operation';
import { Ledger } from '../../../nodes/Twenty2/policy/ledger';
import { RunMarks } from '../../../nodes/Twenty2/policy/runMarks';
import { UsedKeys, type KeyState } from '../../../nodes/Twenty2/policy/usedKeys';
import { later, pass, passUntilQuiet, settle, useFakeTime, watch } from '../policy/fakeTime';
import { alone, MemoryStore } from '../policy/memoryStore';
import { inTurn, listing, newAccess, requestOptions, twenty2With } from './create/placing';
import { readerOf } from './fields/reader';

useFakeTime();

const answer = { call_id: 'call_1', status: 'queued' };
const live = { call_id: 'call_1', status: 'ringing' };
const ended = { call_id: 'call_1', status: 'completed', more: 1 };

const fields = {
	assistantId: 'asst_1',
	fromNumber: '+917971441943',
	toNumber: '+919876543210',
	specifyInputParameters: 'json',
	inputParametersJson: '',
	waitForCompletion: false,
	output: 'simplified',
};

const noFiles: Media = {
	baseUrl: 'https://api.twentytwo.in',
	open: async () => await Promise.reject(Failure.ofNode('DOWNLOAD_FAILED', 'It is gone')),
	keep: async () => await Promise.reject(new Error('nothing is kept')),
};

const KEY = 'november-asha';

/** A run before which the deduplication key was so. */
async function newRun(before: KeyState = 'unused', ledger = newLedger()) {
	const store = new MemoryStore();
	const keys = new UsedKeys(alone(store));
	if (before !== 'unused') await keys.claim(KEY);
	if (before === 'placed') await keys.placed(KEY);
	if (before === 'in doubt') await keys.leaveInDoubt(KEY);
	return { ...runWith(ledger, keys, new RunMarks(runOfNode, newKnown(), alone(store))), keys };
}

function runWith(ledger = newLedger(), keys = noKeys, marks = noMarks()) {
	const { signal } = new AbortController();
	const ends = new CallEnds();
	const missingLinks = new MissingLinks();
	const shared = { ledger, keys, marks, ends, missingLinks };
	const run: Run = { ...shared, signal, canceled: signal };
	return { run, ledger };
}

const runOfNode = { name: 'execution node', index: 0, items: 1, isTool: false };

const newKnown = () => ({ made: {}, metOthers: false });

const noMarks = () => new RunMarks(runOfNode, newKnown(), undefined);

const noKeys = new UsedKeys(
	async () => await Promise.reject(new Error('no item of these has a key')),
);

function newLedger(isTool = false) {
	return new Ledger({}, { index: 0, isTool });
}

interface Given {
	changed?: object;
	options?: Record<string, unknown>;
	access?: ReturnType<typeof newAccess>;
	run?: Run;
	media?: Media;
}

/** Carries one item out. */
function carryOut(twenty2: Partial<Twenty2>, given: Given = {}) {
	const { changed, options, access = newAccess(), run = runWith().run, media = noFiles } = given;
	const item = Object.assign(readerOf({ ...fields, ...changed }, { maxRetries: 0, ...options }), {
		item: 0,
		input: {},
		workflowTimezone: 'Asia/Kolkata',
	});
	const connection = {
		twenty2: twenty2With(twenty2),
		access,
		media,
		baseUrl: media.baseUrl,
		limits: { requestsPerMinute: 1_000, concurrentCalls: 3 },
		request: async () => await Promise.reject(new Error('nothing is read')),
	};
	const task = createCall.check(item, connection, {
		isDryRun: isDryRun(item),
		plannedCalls: new PlannedCalls(),
	});
	const whole = async () => {
		const done = await task(run);
		return done instanceof Function ? await done() : done;
	};
	return watch(whole());
}

const codeOf = ({ reason }: ReturnType<typeof carryOut>) =>
	reason instanceof Failure ? reason.fields : reason;

const waited = { changed: { waitForCompletion: true } };
const oneLine = () => newAccess({ requestsPerMinute: 1_000, concurrentCalls: 1 });

it('a call that is not waited for comes out as Twenty2 answered, and leaves its line to the next', async () => {
	const access = oneLine();
	const first = carryOut({ createCall: inTurn(answer) }, { access });
	const second = carryOut({ createCall: inTurn(answer) }, { access });
	await settle();
	expect(first.value).toEqual([{ json: answer }]);
	expect(second.value).toEqual([{ json: answer }]);
});

it('a call that is not waited for is placed once, however often its run is repeated', async () => {
	const ledger = newLedger();
	const create = vi.fn(inTurn(answer));
	for (let n = 0; n < 2; n++) {
		const done = carryOut({ createCall: create }, { run: runWith(ledger).run });
		await settle();
		expect(done.value).toEqual([{ json: answer }]);
	}
	expect(create).toHaveBeenCalledTimes(1);
});

/** Takes the only line of a key with a create that is not answered. */
const takeLine = (access: ReturnType<typeof newAccess>) =>
	carryOut({ createCall: async () => await later<typeof answer>().promise }, { access });

it('a call that is not waited for needs no line when it is repeated', async () => {
	const ledger = newLedger();
	const access = oneLine();
	carryOut({ createCall: inTurn(answer) }, { run: runWith(ledger).run, access });
	await settle();
	takeLine(access);
	const again = carryOut({}, { run: runWith(ledger).run, access });
	await settle();
	expect(again.value).toEqual([{ json: answer }]);
});

it('a call that is not waited for is placed once by two retries of its run at a time', async () => {
	const ledger = newLedger();
	const sent = later<typeof answer>();
	const create = vi.fn(async () => await sent.promise);
	const both = [1, 2].map(() => carryOut({ createCall: create }, { run: runWith(ledger).run }));
	await settle();
	sent.resolve(answer);
	await settle();
	expect(both.map(({ value }) => value)).toEqual([[{ json: answer }], [{ json: answer }]]);
	expect(create).toHaveBeenCalledTimes(1);
});

it('a call that is not waited for lets the next try have its turn when it is refused', async () => {
	const ledger = newLedger();
	const refused = Failure.ofNode('INVALID_NUMBER', 'no', { outcome: 'not_placed' });
	const create = inTurn<typeof answer>(refused, answer);
	carryOut({ createCall: create }, { run: runWith(ledger).run });
	await settle();
	const again = carryOut({ createCall: create }, { run: runWith(ledger).run });
	await settle();
	expect(again.value).toEqual([{ json: answer }]);
});

it('a call that is not waited for is counted where it rings later', async () => {
	vi.setSystemTime(new Date('2026-05-22T20:00:00Z'));
	const { run, ledger } = runWith();
	carryOut({ createCall: inTurn(answer) }, { run });
	await settle();
	expect(ringLater(ledger.placedAt)).toEqual({
		calls: 1,
		at: Date.parse('2026-05-23T03:30:00Z'),
	});
});

it('a call that is not waited for is counted nowhere where it is not placed', async () => {
	vi.setSystemTime(new Date('2026-05-22T20:00:00Z'));
	const { run, ledger } = runWith();
	carryOut({ createCall: inTurn<typeof answer>(outcomeUnknown('lost', null)) }, { run });
	await settle();
	expect(ringLater(ledger.placedAt).calls).toBe(0);
});

it('a call that is waited for comes out with its end, and holds its line until then', async () => {
	const access = oneLine();
	const getCall = inTurn(live, ended);
	const first = carryOut({ createCall: inTurn(answer), getCall }, { ...waited, access });
	const second = carryOut({ createCall: inTurn(answer) }, { access });
	await pass(19_999);
	expect([first.at, second.at]).toEqual([undefined, undefined]);
	await passUntilQuiet();
	expect(first.value).toEqual([{ json: { call_id: 'call_1', status: 'completed' } }]);
	expect(second.value).toEqual([{ json: answer }]);
});

it('a call that is waited for comes out as the field Output says', async () => {
	const changed = { ...waited.changed, output: 'raw' };
	const done = carryOut({ createCall: inTurn(answer), getCall: inTurn(ended) }, { changed });
	await passUntilQuiet();
	expect(done.value).toEqual([{ json: ended }]);
});

it('a call that is waited for gives its line back when the wait is over', async () => {
	const access = oneLine();
	const given = { ...waited, access, options: { maxWaitMinutes: 0 } };
	const first = carryOut({ createCall: inTurn(answer), getCall: inTurn(live) }, given);
	await passUntilQuiet();
	expect(codeOf(first)).toMatchObject({ code: 'WAIT_TIMEOUT', outcome: 'placed' });
	const second = carryOut({ createCall: inTurn(answer) }, { access });
	await settle();
	expect(second.value).toEqual([{ json: answer }]);
});

it('a call that is waited for is waited for again at once by a retry, and holds a line again meanwhile', async () => {
	const ledger = newLedger();
	const access = oneLine();
	const options = { maxWaitMinutes: 0.5 };
	const create = vi.fn(inTurn(answer));
	const given = { ...waited, options, access };
	const run = () => runWith(ledger).run;
	carryOut({ createCall: create, getCall: inTurn(live) }, { ...given, run: run() });
	await passUntilQuiet();
	const getCall = vi.fn(inTurn(live, ended));
	const again = carryOut({ createCall: create, getCall }, { ...given, run: run() });
	await pass(100);
	expect(getCall).toHaveBeenCalledTimes(1);
	const other = carryOut({ createCall: inTurn({ call_id: 'call_2' }) }, { access });
	await settle();
	expect(other.at).toBeUndefined();
	await passUntilQuiet();
	expect(again.value).toEqual([{ json: { call_id: 'call_1', status: 'completed' } }]);
	expect(other.value).toEqual([{ json: { call_id: 'call_2' } }]);
	expect(create).toHaveBeenCalledTimes(1);
});

it('a call that is waited for needs no line and no look once its end is known', async () => {
	const ledger = newLedger();
	const access = oneLine();
	const given = () => ({ ...waited, run: runWith(ledger).run, access });
	carryOut({ createCall: inTurn(answer), getCall: inTurn(ended) }, given());
	await passUntilQuiet();
	takeLine(access);
	const again = carryOut({}, given());
	await settle();
	expect(again.value).toEqual([{ json: { call_id: 'call_1', status: 'completed' } }]);
});

it.each(['downloadRecording', 'includeTranscript'])(
	'a call that is waited for is looked at again for its files, and says that it was placed when they are gone (%s)',
	async (option) => {
		const ledger = newLedger();
		const links = { recording_url: 'https://m.example/r', transcript_url: 'https://m.example/t' };
		const getCall = vi.fn(inTurn({ ...ended, ...links }));
		for (let n = 1; n <= 2; n++) {
			const { run } = runWith(ledger);
			const given = { ...waited, options: { [option]: true }, run };
			const done = carryOut({ createCall: inTurn(answer), getCall }, given);
			await passUntilQuiet();
			expect(codeOf(done)).toMatchObject({
				code: 'DOWNLOAD_FAILED',
				outcome: 'placed',
				call_id: 'call_1',
				// The create, the looks and a download.
				attempts: 1 + n + 1,
			});
			expect(getCall).toHaveBeenCalledTimes(n);
		}
	},
);

describe('Call Only Once per Key', () => {
	const options = { deduplicationKey: KEY };

	it('Call Only Once per Key records the key', async () => {
		const { run, keys } = await newRun();
		const done = carryOut({ createCall: inTurn(answer) }, { options, run });
		await settle();
		expect(done.value).toEqual([{ json: answer }]);
		expect(await keys.claim(KEY)).toBe('placed');
	});

	it('Call Only Once per Key phones nobody under a key that is placed', async () => {
		const createCallOf = vi.fn(inTurn(answer));
		const { run } = await newRun('placed');
		const done = carryOut({ createCall: createCallOf }, { options, run });
		await settle();
		expect(codeOf(done)).toMatchObject({ code: 'DUPLICATE_CALL', outcome: 'not_placed' });
		expect(createCallOf).not.toHaveBeenCalled();
	});

	it('Call Only Once per Key phones nobody under a key in doubt, and does not look', async () => {
		const callsSince = vi.fn(inTurn(listing()));
		const { run } = await newRun('in doubt');
		const done = carryOut({ createCall: inTurn(answer), callsSince }, { options, run });
		await passUntilQuiet();
		expect(codeOf(done)).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
		expect(callsSince).not.toHaveBeenCalled();
	});

	it.each([
		['phones', [], 'call_1'],
		['does not phone', [{ call_id: randomUUID() }], undefined],
	])(
		'with Call Again When Unsure a key in doubt %s who is listed so: %s',
		async (_, listed, call_id) => {
			const { run } = await newRun('in doubt');
			const again = { ...options, retryUnknownOutcome: true };
			const twenty2 = { createCall: inTurn(answer), callsSince: inTurn(listing(listed)) };
			const done = carryOut(twenty2, { options: again, run });
			await passUntilQuiet();
			expect(done.value?.[0]?.json.call_id).toBe(call_id);
			if (call_id === undefined) expect(codeOf(done)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
		},
	);
});

it('the option Calling Hours keeps people from being phoned outside of them', async () => {
	vi.setSystemTime(new Date('2026-05-22T20:00:00Z'));
	const create = vi.fn(inTurn(answer));
	const options = { callingHours: { hours: {} } };
	const done = carryOut({ createCall: create }, { options });
	await settle();
	expect(codeOf(done)).toMatchObject({ code: 'OUTSIDE_CALLING_HOURS', outcome: 'not_placed' });
	expect(create).not.toHaveBeenCalled();
});

it('the option Dry Run sends nothing', async () => {
	const { run, ledger } = runWith();
	const done = carryOut({}, { options: { dryRun: true }, run });
	await settle();
	expect(done.value?.[0]?.json).toMatchObject({ dry_run: true, to_number: '+919876543210' });
	expect(ledger.entriesOf(0)).toEqual([]);
});

it('the option Call Again When Unsure places a call again whose outcome is unknown', async () => {
	const lost = outcomeUnknown('lost', null);
	const options = { retryUnknownOutcome: true, maxRetries: 1 };
	const done = carryOut({ createCall: inTurn<typeof answer>(lost, answer) }, { options });
	await passUntilQuiet();
	expect(done.value).toEqual([{ json: answer }]);
	const once = carryOut(
		{ createCall: inTurn<typeof answer>(lost, answer) },
		{
			options: { maxRetries: 1 },
		},
	);
	await passUntilQuiet();
	expect(codeOf(once)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
});

it('the option Request Timeout bounds the time of a request', async () => {
	const timeouts: number[] = [];
	const create: Twenty2['createCall'] = async (_, { timeoutMs }) => {
		timeouts.push(timeoutMs);
		return await Promise.resolve(answer);
	};
	carryOut({ createCall: create });
	carryOut({ createCall: create }, { options: { requestTimeoutSeconds: 5 } });
	await settle();
	expect(timeouts).toEqual([requestOptions.timeoutMs, 5_000]);
});
