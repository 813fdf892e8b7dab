import { describe, expect, it } from 'vitest';

import { sleep } from '../../../nodes/Twenty2/policy/abortable';
import { Budget } from '../../../nodes/Twenty2/policy/budget';
import type { Line } from '../../../nodes/Twenty2/policy/lines';
import type { Outcome } from '../../../nodes/Twenty2/policy/outcome';
import { pass, settle, useFakeTime, useShortestWaits, watch } from './fakeTime';
import { noAnswer, rateLimited, unsent } from './outcomes';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const { signal } = new AbortController();

/** The lines of a key whose reads decide whether lines are short. */
function linesOf(documented: number) {
	const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: documented });
	const { shortage, lines } = budget;
	/** A read has to decide. */
	const suspect = () => {
		shortage.ask();
		lines.changed();
	};
	const readSettled = (outcome: Outcome) => budget.readSettled(outcome);
	return { shortage, lines, suspect, readSettled };
}

const accept = (line: Line | undefined, callId: string) => line?.settle({ is: 'answered', callId });

/** Lines that were found to be short, while this process holds some of them. */
async function limited(documented: number, held: number) {
	const { lines, suspect, readSettled } = linesOf(documented);
	const looks: Array<{ id: string; at: number }> = [];
	const over = new Map<string, boolean | undefined>();
	const look = async (id: string) => {
		readSettled({ is: 'answered' });
		looks.push({ id, at: performance.now() });
		return over.has(id) ? over.get(id) : false;
	};
	const create = async () => await lines.acquire({ signal, look });
	for (let n = 1; n <= held; n++) accept(await create(), `call ${n}`);
	suspect();

	/** Creates that are sent one after the other, as soon as each may go. */
	const sent: number[] = [];
	const sendAll = (settleWith: (sending: Line) => void) => {
		const sendNext = async (): Promise<void> => {
			const sending = await create();
			sent.push(performance.now());
			settleWith(sending);
			await sendNext();
		};
		void sendNext();
	};
	const at = (id: string) => looks.filter((one) => one.id === id).map((one) => one.at);
	return { lines, suspect, readSettled, create, over, sent, sendAll, lookedAt: at };
}

const refuse = (sending: Line | undefined) => sending?.settle(rateLimited());

describe('While lines are short, and chance makes every wait the shortest', () => {
	useFakeTime();
	useShortestWaits();

	describe('creates probe for lines that others hold', () => {
		it.each([
			// Without a call of its own, refusals count for the window, so it has one first.
			['no line', 1, [5, 12.5, 22.5, 32.5, 42.5]],
			['some lines', 1, [75, 187.5, 337.5, 487.5]],
			['all lines', 3, [300, 750, 1_425]],
		])(
			'creates probe for lines that others hold where this process holds %s',
			async (name, held, seconds) => {
				const { lines, sent, sendAll } = await limited(3, held);
				sendAll(refuse);
				await settle();
				if (name === 'no line') lines.ended('call 1');
				// Its line is free at once, and another program has taken it.
				const freed = name === 'no line' ? 1 : 0;
				await pass((seconds.at(-1) ?? 0) * SECOND);
				expect(sent.slice(freed)).toEqual(seconds.map((s) => s * SECOND));
			},
		);

		it('creates probe again after five seconds when a probe went through', async () => {
			const { lines, sent, sendAll } = await limited(3, 1);
			let n = 1;
			sendAll((sending) => (n++ < 2 ? accept(sending, `call ${n}`) : refuse(sending)));
			await pass(80 * SECOND);
			expect(sent).toEqual([75 * SECOND, 80 * SECOND]);
			expect(lines.idle).toBe(false);
		});

		it('creates probe one at a time', async () => {
			const { create } = await limited(3, 1);
			const [first, second] = [watch(create()), watch(create())];
			await pass(10 * MINUTE);
			expect([first?.at, second?.at]).toEqual([75 * SECOND, undefined]);
		});
	});

	it('creates go freely again once more calls are live than lines could take', async () => {
		const { create } = await limited(2, 2);
		const sent = Array.from({ length: 9 }, (_, n) =>
			watch(create().then((line) => accept(line, `new call ${n}`))),
		);
		// The first probe after five minutes, two more five seconds apart, and then all at once.
		await pass(5 * MINUTE + 10 * SECOND);
		const seconds = sent.map(({ at = Number.NaN }) => at / SECOND);
		expect(seconds).toEqual([300, 305, 310, 310, 310, 310, 310, 310, 310]);
	});

	describe('reads look at calls', () => {
		it('reads look at calls after a fifth of their age, while it is not known how long calls last', async () => {
			const { lookedAt, sendAll } = await limited(3, 1);
			sendAll(refuse);
			await pass(6 * SECOND);
			expect(lookedAt('call 1')).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]);
		});

		it.each([
			[3, 3, 6_000],
			[4, 3, 6_000],
		])(
			'reads look with %i lines, of which %i are held, every %i ms once others lasted',
			async (...given) => {
				const [documented, held, every] = given;
				await pass(5 * MINUTE);
				const { lines, lookedAt, sendAll } = await limited(documented, held);
				// The line that this process frees is its own again, those of others are not.
				sendAll((sending) => (held === documented ? accept(sending, 'call 4') : refuse(sending)));
				await pass(2 * MINUTE);
				// Seen a while ago, so that it lasted two minutes for sure.
				await lines.sleepUntilEnded('call 2', 0, signal);
				lines.ended('call 2');
				const from = performance.now();
				await pass(30 * SECOND);
				const late = lookedAt('call 1').filter((at) => at >= from);
				const gaps = late.slice(1).map((at, i) => at - (late[i] ?? 0));
				expect(new Set(gaps)).toEqual(new Set([every]));
			},
		);

		it('reads look less and less often where the answer does not tell, until it does', async () => {
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
		const { lines, create } = await limited(3, 3);
		const [first, second] = [watch(create()), watch(create())];
		await pass(10 * SECOND);
		lines.ended('call 2');
		await settle();
		expect([first?.at, second?.at]).toEqual([10 * SECOND, undefined]);
		// Not sent after all, so the line goes to the next one.
		first?.value?.settle(unsent);
		await settle();
		expect(second?.at).toBe(10 * SECOND);
	});

	it('of two lines that become free only one is left to others', async () => {
		const { lines, create } = await limited(4, 3);
		const [first, second] = [watch(create()), watch(create())];
		await pass(10 * SECOND);
		lines.ended('call 1');
		lines.ended('call 2');
		await settle();
		expect([first?.at, second?.at]).toEqual([10 * SECOND, undefined]);
		await pass(12 * SECOND);
		expect(second?.at).toBe(22 * SECOND);
	});

	it('an accepted create leaves those that wait without a deadline where they are', async () => {
		const { lines, create } = await limited(3, 3);
		const [first, second] = [watch(create()), watch(create())];
		await settle();
		lines.ended('call 1');
		await settle();
		accept(first?.value, 'call 4');
		await settle();
		expect(second?.at).toBeUndefined();
		expect(second?.reason).toBeUndefined();
	});

	it('nothing else decides once more whether lines are short', async () => {
		const { lines, suspect, readSettled, create } = await limited(3, 3);
		const waiting = watch(create());
		await pass(10 * SECOND);
		readSettled(rateLimited());
		suspect();
		lines.ended('no call of this process');
		await pass(10 * SECOND);
		expect(waiting.at).toBeUndefined();
	});

	it('a freed line that turns out to be taken counts no longer', async () => {
		const { lines, create } = await limited(3, 3);
		const [first, second] = [watch(create()), watch(create())];
		await settle();
		lines.ended('call 1');
		await settle();
		refuse(first?.value);
		await pass(SECOND);
		expect(second?.at).toBeUndefined();
		// Others hold a line now, so this one is left to them for a moment.
		lines.ended('call 2');
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

	/** Sleeps for 5 seconds until a call ends; another one ends after a second. */
	const wokenByAnother = async () => {
		const { lines } = linesOf(2);
		lines.add('call 1');
		lines.add('call 2');
		const slept = watch(lines.sleepUntilEnded('call 1', 5_000, signal));
		await pass(1_000);
		lines.ended('call 2');
		return { lines, slept };
	};

	it('the lines are idle while no create waits for one or is on its way', async () => {
		const { lines, suspect } = linesOf(1);
		expect(lines.idle).toBe(true);
		const first = await lines.acquire(nothing());
		expect(lines.idle).toBe(false);
		accept(first, 'call 1');
		expect(lines.idle).toBe(true);
		suspect();
		const stop = new AbortController();
		const waiting = watch(lines.acquire({ signal: stop.signal, look }));
		await settle();
		expect(lines.idle).toBe(false);
		stop.abort('stopped');
		await settle();
		expect(waiting.reason).toBe('stopped');
		expect(lines.idle).toBe(true);
	});

	it('the lines are not enforced where more creates go through in a second than there could be', async () => {
		const { lines, shortage } = linesOf(2);
		const about = () =>
			shortage.about({ sentAt: performance.now(), canLook: true, live: lines.calls.count });
		for (let n = 1; n <= 4; n++) accept(await lines.acquire(nothing()), `call ${n}`);
		expect(about()).toBe('unclear');
		accept(await lines.acquire(nothing()), 'call 5');
		expect(about()).toBe('requests');
	});

	it('the lines may be enforced where creates go through at the pace of calls that end', async () => {
		const { lines, shortage } = linesOf(2);
		for (let n = 1; n <= 6; n++) {
			accept(await lines.acquire(nothing()), `call ${n}`);
			await pass(500);
		}
		expect(shortage.about({ sentAt: performance.now(), canLook: true, live: 2 })).toBe('unclear');
	});

	it('the lines let a sleep take its time for a call that is not known', async () => {
		const slept = watch(linesOf(1).lines.sleepUntilEnded('call 1', 5_000, signal));
		await pass(4_999);
		expect(slept.at).toBeUndefined();
		await pass(1);
		expect(slept.at).toBe(5_000);
	});

	it('the lines let a sleep that another end has woken take no more than its time', async () => {
		const { slept } = await wokenByAnother();
		await pass(10_000);
		expect(slept.at).toBe(5_000);
	});

	it('the lines let all creates go freely once a read was refused too', async () => {
		const { lines, suspect, readSettled } = linesOf(2);
		accept(await lines.acquire(nothing()), 'call 1');
		suspect();
		const creates = Array.from({ length: 5 }, () => watch(lines.acquire(nothing())));
		await settle();
		expect(creates.map(({ at }) => at)).toEqual(creates.map(() => undefined));
		readSettled(rateLimited());
		await settle();
		expect(creates.map(({ at }) => at)).toEqual(creates.map(() => 0));
	});

	it('the lines let a sleep end when its call has ended, and not when another one has', async () => {
		const { lines, slept } = await wokenByAnother();
		await pass(1_000);
		expect(slept.at).toBeUndefined();
		lines.ended('call 1');
		await settle();
		expect(slept.at).toBe(2_000);
	});

	it('the lines settle each create once', async () => {
		const { lines } = linesOf(1);
		const first = await lines.acquire(nothing());
		first.settle(unsent);
		accept(first, 'call 1');
		expect(lines.idle).toBe(true);
		const second = watch(lines.acquire(nothing()));
		await settle();
		expect(second.value).toBeDefined();
	});

	it('the lines are held by a create without an answer until more is known of it', async () => {
		const { lines } = linesOf(1);
		const lost = await lines.acquire(nothing());
		lost.settle(noAnswer);
		// It may hold the only line, so the next one goes alone, and the one after that waits.
		const beyond = await lines.acquire(nothing());
		const waiting = watch(lines.acquire(nothing()));
		await settle();
		expect(waiting.at).toBeUndefined();
		refuse(beyond);
		lost.settle(unsent);
		await settle();
		expect(waiting.value).toBeDefined();
	});

	it('the lines are held by a call that a look has found after no answer', async () => {
		const { lines } = linesOf(1);
		const lost = await lines.acquire(nothing());
		lost.settle(noAnswer);
		accept(lost, 'call 1');
		expect(lines.calls.has('call 1')).toBe(true);
		expect(lines.idle).toBe(true);
	});

	it('the lines are looked at by no create that waits for the first one beyond them', async () => {
		const { lines } = linesOf(1);
		accept(await lines.acquire(nothing()), 'call 1');
		const probe = await lines.acquire(nothing());
		let looks = 0;
		const counting = async () => {
			looks++;
			return await Promise.resolve(false);
		};
		const waiting = watch(lines.acquire({ signal, look: counting }));
		await pass(10 * MINUTE);
		expect([looks, waiting.at]).toEqual([0, undefined]);
		accept(probe, 'call 2');
		await settle();
		expect([looks, waiting.at]).toEqual([0, 10 * MINUTE]);
	});
});
