import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { sleep } from '../../../nodes/Twenty2/policy/abortable';
import { LiveCalls, type LinePass } from '../../../nodes/Twenty2/policy/liveCalls';
import { pass, settle, useFakeTime, watch } from './fakeTime';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const { signal } = new AbortController();

/** Lines that were found to be short, while this process holds some of them. */
async function limited(lines: number, held: number) {
	const calls = new LiveCalls(lines);
	const looks: Array<{ id: string; at: number }> = [];
	const over = new Map<string, boolean | undefined>();
	const look = async (id: string) => {
		calls.readAnswered();
		looks.push({ id, at: performance.now() });
		return over.has(id) ? over.get(id) : false;
	};
	const create = async () => await calls.acquire({ signal, look });
	for (let n = 1; n <= held; n++) (await create()).accepted(`call ${n}`);
	calls.suspect();

	/** Creates that are sent one after the other, as soon as each may go. */
	const sent: number[] = [];
	const sendAll = (settleWith: (sending: LinePass) => void) => {
		const sendNext = async (): Promise<void> => {
			const sending = await create();
			sent.push(performance.now());
			settleWith(sending);
			await sendNext();
		};
		void sendNext();
	};
	const at = (id: string) => looks.filter((one) => one.id === id).map((one) => one.at);
	return { calls, create, over, sent, sendAll, lookedAt: at };
}

const refuse = (sending: LinePass) => void sending.refused(true);

describe('While lines are short, and chance makes every wait the shortest', () => {
	useFakeTime();
	beforeEach(() => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	describe('creates probe for lines that others hold', () => {
		it.each([
			// Without a call of its own, refusals count for the window, so it has one first.
			['no line', 1, [5, 12.5, 22.5, 32.5, 42.5]],
			['some lines', 1, [60, 150, 285, 425]],
			['all lines', 3, [300, 750, 1_425]],
		])('where this process holds %s', async (name, held, seconds) => {
			const { calls, sent, sendAll } = await limited(3, held);
			sendAll(refuse);
			await settle();
			if (name === 'no line') calls.ended('call 1');
			// Its line is free at once, and another program has taken it.
			const freed = name === 'no line' ? 1 : 0;
			await pass((seconds.at(-1) ?? 0) * SECOND);
			expect(sent.slice(freed)).toEqual(seconds.map((s) => s * SECOND));
		});

		it('again after five seconds when a probe went through', async () => {
			const { calls, sent, sendAll } = await limited(3, 1);
			let n = 1;
			sendAll((sending) => (n++ < 2 ? sending.accepted(`call ${n}`) : refuse(sending)));
			await pass(65 * SECOND);
			expect(sent).toEqual([60 * SECOND, 65 * SECOND]);
			expect(calls.idle).toBe(false);
		});

		it('one at a time', async () => {
			const { create } = await limited(3, 1);
			const [first, second] = [watch(create()), watch(create())];
			await pass(10 * MINUTE);
			expect([first?.at, second?.at]).toEqual([60 * SECOND, undefined]);
		});
	});

	describe('reads look at calls', () => {
		it('after two fifths of their age, while it is not known how long calls last', async () => {
			const { lookedAt, sendAll } = await limited(3, 1);
			sendAll(refuse);
			await pass(6 * SECOND);
			expect(lookedAt('call 1')).toEqual([0, 1_000, 2_000, 3_000, 4_200, 5_880]);
		});

		it.each([
			[3, 3, 6_000],
			[4, 3, 10_000],
		])('with %i lines, of which it holds %i, every %i ms once others lasted', async (...given) => {
			const [lines, held, every] = given;
			await pass(5 * MINUTE);
			const { calls, lookedAt, sendAll } = await limited(lines, held);
			// The line that this process frees is its own again, those of others are not.
			sendAll((sending) => (held === lines ? sending.accepted('call 4') : refuse(sending)));
			await pass(2 * MINUTE);
			// Seen a while ago, so that it lasted two minutes for sure.
			await calls.sleepUntilEnded('call 2', 0, signal);
			calls.ended('call 2');
			const from = performance.now();
			await pass(30 * SECOND);
			const late = lookedAt('call 1').filter((at) => at >= from);
			const gaps = late.slice(1).map((at, i) => at - (late[i] ?? 0));
			expect(new Set(gaps)).toEqual(new Set([every]));
		});

		it('less and less often where the answer does not tell, until it does', async () => {
			const { over, lookedAt, sendAll } = await limited(1, 1);
			over.set('call 1', undefined);
			sendAll(refuse);
			await pass(4 * MINUTE);
			const seconds = [0, 2, 6, 14, 30, 62, 122, 182];
			expect(lookedAt('call 1')).toEqual(seconds.map((s) => s * SECOND));

			over.set('call 1', false);
			await pass(2 * SECOND);
			over.set('call 1', undefined);
			const from = lookedAt('call 1').length;
			await pass(3 * MINUTE);
			const [first = 0, second] = lookedAt('call 1').slice(from);
			expect(second).toBe(first + 2 * SECOND);
		});
	});

	it('a line that an own call frees goes to the next create at once', async () => {
		const { calls, create } = await limited(3, 3);
		const [first, second] = [watch(create()), watch(create())];
		await pass(10 * SECOND);
		calls.ended('call 2');
		await settle();
		expect([first?.at, second?.at]).toEqual([10 * SECOND, undefined]);
		// Not sent after all, so the line goes to the next one.
		first?.value?.abandoned();
		await settle();
		expect(second?.at).toBe(10 * SECOND);
	});

	it('of two lines that become free only one is left to others', async () => {
		const { calls, create } = await limited(4, 3);
		const [first, second] = [watch(create()), watch(create())];
		await pass(10 * SECOND);
		calls.ended('call 1');
		calls.ended('call 2');
		await settle();
		expect([first?.at, second?.at]).toEqual([10 * SECOND, undefined]);
		await pass(12 * SECOND);
		expect(second?.at).toBe(22 * SECOND);
	});

	it('an accepted create leaves those that wait without a deadline where they are', async () => {
		const { calls, create } = await limited(3, 3);
		const [first, second] = [watch(create()), watch(create())];
		await settle();
		calls.ended('call 1');
		await settle();
		first?.value?.accepted('call 4');
		await settle();
		expect(second?.at).toBeUndefined();
		expect(second?.reason).toBeUndefined();
	});

	it('nothing else decides that once more', async () => {
		const { calls, create } = await limited(3, 3);
		const waiting = watch(create());
		await pass(10 * SECOND);
		calls.readRefused();
		calls.suspect();
		expect(calls.readAnswered()).toBe(false);
		calls.ended('no call of this process');
		await pass(10 * SECOND);
		expect(waiting.at).toBeUndefined();
	});

	it('a freed line that turns out to be taken counts no longer', async () => {
		const { calls, create } = await limited(3, 3);
		const [first, second] = [watch(create()), watch(create())];
		await settle();
		calls.ended('call 1');
		await settle();
		expect(first?.value?.refused(true)).toBe('lines');
		await pass(SECOND);
		expect(second?.at).toBeUndefined();
		// Others hold a line now, so this one is left to them for a moment.
		calls.ended('call 2');
		await pass(12 * SECOND - 1);
		expect(second?.at).toBeUndefined();
		await pass(1);
		expect(second?.at).toBe(13 * SECOND);
	});
});

describe('The lines', () => {
	useFakeTime();

	/** A look that is never answered. */
	const look = async (_: string, stopped: AbortSignal) => {
		await sleep(2 ** 31 - 1, stopped);
		return undefined;
	};
	const nothing = () => ({ signal, look });

	it('are idle while no create waits for one or is on its way', async () => {
		const calls = new LiveCalls(1);
		expect(calls.idle).toBe(true);
		const first = await calls.acquire(nothing());
		expect(calls.idle).toBe(false);
		first.accepted('call 1');
		expect(calls.idle).toBe(true);
		calls.suspect();
		const stop = new AbortController();
		const waiting = watch(calls.acquire({ signal: stop.signal, look }));
		await settle();
		expect(calls.idle).toBe(false);
		stop.abort('stopped');
		await settle();
		expect(waiting.reason).toBe('stopped');
		expect(calls.idle).toBe(true);
	});

	it('are not enforced where more creates go through in a second than there could be', async () => {
		const calls = new LiveCalls(2);
		for (let n = 1; n <= 4; n++) (await calls.acquire(nothing())).accepted(`call ${n}`);
		expect((await calls.acquire(nothing())).refused(true)).toBe('lines or window');
		const fifth = await calls.acquire(nothing());
		fifth.accepted('call 5');
		const sixth = await calls.acquire(nothing());
		expect(sixth.refused(true)).toBe('window');
	});

	it('may be enforced where creates go through at the pace of calls that end', async () => {
		const calls = new LiveCalls(2);
		for (let n = 1; n <= 6; n++) {
			(await calls.acquire(nothing())).accepted(`call ${n}`);
			await pass(500);
		}
		expect((await calls.acquire(nothing())).refused(true)).toBe('lines or window');
	});

	it('are not what a refusal is about where no call can be looked at', async () => {
		const calls = new LiveCalls(2);
		(await calls.acquire(nothing())).accepted('call 1');
		expect((await calls.acquire(nothing())).refused(false)).toBe('window');
	});

	it('are not asked about for a minute after a read was refused too, then two', async () => {
		const calls = new LiveCalls(2);
		(await calls.acquire(nothing())).accepted('call 1');
		const cause = async () => (await calls.acquire(nothing())).refused(true);
		for (const minutes of [1, 2, 4]) {
			expect(await cause()).toBe('lines or window');
			calls.suspect();
			calls.readRefused();
			await pass(minutes * MINUTE - 1);
			expect(await cause()).toBe('window');
			await pass(1);
		}
	});

	it('are undecided after refusals that came before any call', async () => {
		const calls = new LiveCalls(2);
		expect((await calls.acquire(nothing())).refused(true)).toBe('window');
		expect(calls.undecided).toBe(true);
		(await calls.acquire(nothing())).accepted('call 1');
		expect((await calls.acquire(nothing())).refused(true)).toBe('undecided');
		calls.suspect();
		expect(calls.readAnswered()).toBe(true);
		expect(calls.undecided).toBe(false);
		expect(calls.readAnswered()).toBe(false);
	});

	it('let a sleep take its time for a call that is not known', async () => {
		const slept = watch(new LiveCalls(1).sleepUntilEnded('call 1', 5_000, signal));
		await pass(4_999);
		expect(slept.at).toBeUndefined();
		await pass(1);
		expect(slept.at).toBe(5_000);
	});

	it('let a sleep that another end has woken take no more than its time', async () => {
		const calls = new LiveCalls(2);
		calls.add('call 1');
		calls.add('call 2');
		const slept = watch(calls.sleepUntilEnded('call 1', 5_000, signal));
		await pass(1_000);
		calls.ended('call 2');
		await pass(10_000);
		expect(slept.at).toBe(5_000);
	});

	it('let all creates go freely once a read was refused too', async () => {
		const calls = new LiveCalls(2);
		(await calls.acquire(nothing())).accepted('call 1');
		calls.suspect();
		const creates = Array.from({ length: 5 }, () => watch(calls.acquire(nothing())));
		await settle();
		expect(creates.map(({ at }) => at)).toEqual(creates.map(() => undefined));
		calls.readRefused();
		await settle();
		expect(creates.map(({ at }) => at)).toEqual(creates.map(() => 0));
	});

	it('let a sleep end when its call has ended, and not when another one has', async () => {
		const calls = new LiveCalls(2);
		calls.add('call 1');
		calls.add('call 2');
		const slept = watch(calls.sleepUntilEnded('call 1', 5_000, signal));
		await pass(1_000);
		calls.ended('call 2');
		await pass(1_000);
		expect(slept.at).toBeUndefined();
		calls.ended('call 1');
		await settle();
		expect(slept.at).toBe(2_000);
	});

	it('settle each create once', async () => {
		const calls = new LiveCalls(1);
		const first = await calls.acquire(nothing());
		first.abandoned();
		first.accepted('call 1');
		expect(calls.idle).toBe(true);
		const second = watch(calls.acquire(nothing()));
		await settle();
		expect(second.value).toBeDefined();
	});

	it('withdraw creates that were not sent when lines may be short, each time', async () => {
		const calls = new LiveCalls(3);
		(await calls.acquire(nothing())).accepted('call 1');
		const early = await calls.acquire(nothing());
		calls.suspect();
		expect(early.withdrawn.aborted).toBe(true);
		early.abandoned();
		const again = watch(calls.acquire(nothing()));
		await settle();
		calls.readRefused();
		await settle();
		expect(again.value?.withdrawn.aborted).toBe(false);
		calls.suspect();
		expect(again.value?.withdrawn.aborted).toBe(true);
	});

	it('are looked at by no create that waits for the first one beyond them', async () => {
		const calls = new LiveCalls(1);
		(await calls.acquire(nothing())).accepted('call 1');
		const probe = await calls.acquire(nothing());
		let looks = 0;
		const counting = async () => {
			looks++;
			return await Promise.resolve(false);
		};
		const waiting = watch(calls.acquire({ signal, look: counting }));
		await pass(10 * MINUTE);
		expect([looks, waiting.at]).toEqual([0, undefined]);
		probe.accepted('call 2');
		await settle();
		expect([looks, waiting.at]).toEqual([0, 10 * MINUTE]);
	});
});
