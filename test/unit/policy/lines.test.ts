/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { describe, expect, it } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { later, pass, settle, useFakeTime, watch } from './fakeTime';
import { opened, type Opened, request, type TestRequest, through, TooMany } from './requests';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Soon enough for a call that has ended. */
const SOON = 15 * SECOND;

const three = { requestsPerMinute: 60, concurrentCalls: 3 };

/** Twenty2, which refuses a create while all its lines are held. */
class Twenty2 {
	/** How many lines others hold. */
	others = 0;

	/** Of the latest create last, and whether it was accepted. */
	readonly creates: Array<{ at: number; accepted: boolean }> = [];

	looks = 0;

	/** Looks at these calls are answered with something that does not tell whether they are over. */
	readonly unknown = new Set<string>();

	/** How long a refused create is asked to wait. */
	retryAfterMs = 0;

	/** How long an answer takes. */
	answersAfter = 0;

	/** How long a call lasts at most. */
	callsLast = Number.POSITIVE_INFINITY;

	/** When each live call was placed. */
	private readonly placedAt = new Map<string, number>();

	private placed = 0;

	constructor(public lines: number) {}

	get refused(): number {
		return this.creates.filter(({ accepted }) => !accepted).length;
	}

	get accepted(): number {
		return this.creates.length - this.refused;
	}

	end(...ids: string[]): void {
		ids.forEach((id) => this.placedAt.delete(id));
	}

	/** A create. Its answer is the id of the call, "call 1" for the first. */
	request(more: Partial<TestRequest<string>> = {}): TestRequest<string> {
		return request(async () => await this.create(), {
			call: { idOf: (id) => id, isOver: async (id) => await this.isOver(id) },
			...more,
		});
	}

	private async create(): Promise<string> {
		this.endOld();
		const accepted = this.placedAt.size + this.others < this.lines;
		this.creates.push({ at: performance.now(), accepted });
		const id = `call ${accepted ? ++this.placed : 'refused'}`;
		if (accepted) this.placedAt.set(id, performance.now());
		if (this.answersAfter > 0) {
			await new Promise((answered) => void setTimeout(answered, this.answersAfter));
		}
		if (!accepted) throw new TooMany(this.retryAfterMs);
		return id;
	}

	private endOld(): void {
		for (const [id, at] of this.placedAt) {
			if (at + this.callsLast <= performance.now()) this.placedAt.delete(id);
		}
	}

	private async isOver(id: string): Promise<boolean> {
		this.looks++;
		this.endOld();
		if (this.unknown.has(id)) throw new Error('No such call');
		return !this.placedAt.has(id);
	}
}

/** A number of creates of one run, none of which is waited for after its answer. */
const place = ({ creates }: Opened, twenty2: Twenty2, many: number) =>
	Array.from({ length: many }, () => watch(through(creates, twenty2.request())));

/** A budget that has found its three lines held by its own three calls, and two creates that wait. */
async function busy() {
	const twenty2 = new Twenty2(3);
	const budget = new Budget(three);
	const access = opened(budget);
	const placed = place(access, twenty2, 3);
	const [first] = place(access, twenty2, 1);
	await pass(30 * SECOND);
	const [second] = place(opened(budget), twenty2, 1);
	await pass(30 * SECOND);
	expect(placed.map(({ value }) => value)).toEqual(['call 1', 'call 2', 'call 3']);
	expect([first?.at, second?.at]).toEqual([undefined, undefined]);
	return { twenty2, budget, access, first, second };
}

describe('Creates that Twenty2 refuses', () => {
	useFakeTime();

	describe('while the own calls hold its lines', () => {
		it('refused creates are not repeated while no own call has ended, and reads look for an end', async () => {
			const { twenty2 } = await busy();
			const { looks, refused } = twenty2;
			// The create itself and its early probe.
			expect(refused).toBeLessThanOrEqual(2);
			await pass(MINUTE);
			expect(twenty2.refused).toBe(refused);
			expect(twenty2.looks).toBeGreaterThan(looks);
			expect(twenty2.looks - looks).toBeLessThanOrEqual(57);
		});

		it('refused creates look less and less often at calls of which Twenty2 does not tell', async () => {
			const { twenty2, first, second } = await busy();
			for (const id of ['call 1', 'call 2', 'call 3']) twenty2.unknown.add(id);
			const { looks } = twenty2;
			await pass(5 * MINUTE);
			// After 2, 4, 8, 16 and 32 seconds, and then once a minute, at each of the three.
			expect(twenty2.looks - looks).toBeLessThanOrEqual(3 * 11);
			expect(twenty2.looks - looks).toBeGreaterThanOrEqual(3 * 5);

			twenty2.unknown.clear();
			twenty2.end('call 2');
			await pass(2 * MINUTE);
			expect([first?.value, second?.value]).toContain('call 4');
		});

		it('refused creates go when another own call has ended than the one of which Twenty2 does not tell', async () => {
			const { twenty2, first, second } = await busy();
			twenty2.unknown.add('call 1');
			await pass(MINUTE);
			twenty2.end('call 3');
			await pass(2 * MINUTE);
			expect([first?.value, second?.value]).toContain('call 4');
		});

		it('one refused create goes for each own call that has ended', async () => {
			const { twenty2, first, second } = await busy();
			const { refused } = twenty2;
			twenty2.end('call 2');
			await pass(2 * SOON);
			expect(first?.value).toBe('call 4');
			expect(second?.at).toBeUndefined();

			twenty2.end('call 1');
			// Other programs get the first chance at a line now and then.
			await pass(2 * SOON);
			expect(second?.value).toBe('call 5');
			expect(twenty2.refused).toBe(refused);
		});

		it('refused creates go at once when it is known from elsewhere that one has ended', async () => {
			const { twenty2, budget, first } = await busy();
			twenty2.end('call 2');
			const from = performance.now();
			opened(budget).callEnded('call 2');
			await settle();
			expect(first).toEqual({ value: 'call 4', at: from });
		});

		it('refused creates are tried once more at their deadline', async () => {
			const twenty2 = new Twenty2(3);
			const access = opened(new Budget(three));
			place(access, twenty2, 3);
			await settle();
			const hasty = watch(through(access.creates, twenty2.request({ giveUpAfterMs: 40 * SECOND })));
			await pass(30 * SECOND);
			twenty2.lines = 10;
			await pass(10 * SECOND - 1);
			expect(hasty.at).toBeUndefined();
			await pass(1);
			expect(hasty).toEqual({ value: 'call 4', at: 40 * SECOND });
		});

		it('refused creates have their whole time again when Twenty2 takes a call', async () => {
			const { twenty2, budget, access } = await busy();
			const from = performance.now();
			const hasty = watch(
				through(opened(budget).creates, twenty2.request({ giveUpAfterMs: 40 * SECOND })),
			);
			await pass(30 * SECOND);
			twenty2.end('call 1');
			access.callEnded('call 1');
			await pass(40 * SECOND - 1);
			expect(hasty.at).toBeUndefined();
			await pass(1);
			expect(hasty.reason).toBeInstanceOf(TooMany);
			expect(hasty.at).toBe(from + 70 * SECOND);
		});

		it('refused creates look at no call before the age that others reached', async () => {
			const { twenty2, budget, access } = await busy();
			// These three were placed a minute ago.
			for (const id of ['call 1', 'call 2', 'call 3']) {
				twenty2.end(id);
				access.callEnded(id);
			}
			const [third, waiting] = place(opened(budget), twenty2, 2);
			await settle();
			expect([third?.value, waiting?.at]).toEqual(['call 6', undefined]);

			const { looks } = twenty2;
			await pass(30 * SECOND);
			expect(twenty2.looks).toBe(looks);
			await pass(30 * SECOND);
			expect(twenty2.looks).toBeGreaterThan(looks);
		});

		it('refused creates are tried at their deadline also behind one with more patience', async () => {
			const { twenty2, budget } = await busy();
			const from = performance.now();
			const hasty = watch(
				through(opened(budget).creates, twenty2.request({ giveUpAfterMs: 10 * SECOND })),
			);
			await pass(10 * SECOND);
			expect(hasty.reason).toBeInstanceOf(TooMany);
			expect(hasty.at).toBe(from + 10 * SECOND);
		});

		it('refused creates are given up when the try at their deadline is refused', async () => {
			const twenty2 = new Twenty2(3);
			const access = opened(new Budget(three));
			place(access, twenty2, 3);
			await settle();
			const hasty = watch(through(access.creates, twenty2.request({ giveUpAfterMs: 40 * SECOND })));
			await pass(40 * SECOND);
			expect(hasty.reason).toBeInstanceOf(TooMany);
			expect(hasty.at).toBe(40 * SECOND);
		});

		it('refused creates keep no read waiting', async () => {
			const { access } = await busy();
			const from = performance.now();
			const read = watch(
				through(
					access.reads,
					request(async () => 'answer'),
				),
			);
			await settle();
			expect(read).toEqual({ value: 'answer', at: from });
		});

		it('refused creates wake a run that waits for its call when another look finds the end', async () => {
			const { twenty2, access } = await busy();
			const from = performance.now();
			const { signal } = new AbortController();
			const slept = watch(access.sleepUntilEnded('call 1', 10 * MINUTE, signal));
			twenty2.end('call 1');
			await pass(2 * SOON);
			expect(slept.at).toBeDefined();
			expect(slept.at).toBeLessThan(from + 2 * SOON);
		});
	});

	describe('and whose signal fires while they wait for a line', () => {
		const reason = new Error('stopped');

		async function waiting(isOver?: (signal: AbortSignal) => Promise<boolean>) {
			const twenty2 = new Twenty2(3);
			const budget = new Budget(three);
			place(opened(budget), twenty2, 3);
			await settle();
			const stop = new AbortController();
			const { signal } = stop;
			const given = isOver && {
				call: { idOf: (id: string) => id, isOver: async () => await isOver(signal) },
			};
			const stopped = watch(through(opened(budget).creates, twenty2.request({ signal, ...given })));
			await pass(20 * SECOND);
			const next = watch(through(opened(budget).creates, twenty2.request()));
			await pass(10 * SECOND);
			return { twenty2, stop, stopped, next };
		}

		it('refused creates whose signal fires leave at once and are not sent, and the next one takes over', async () => {
			const { twenty2, stop, stopped, next } = await waiting();
			const sent = twenty2.creates.length;
			const from = performance.now();
			stop.abort(reason);
			await settle();
			expect(stopped).toEqual({ reason, at: from });
			expect(twenty2.creates).toHaveLength(sent);

			twenty2.end('call 1');
			await pass(2 * SOON);
			expect(next.value).toBe('call 4');
			expect(twenty2.creates).toHaveLength(sent + 1);
		});

		it('refused creates whose signal fires leave at once also while their look has no answer yet', async () => {
			let looks = 0;
			const { stop, stopped, next } = await waiting(async (signal) => {
				looks++;
				const unanswered = later<boolean>();
				// As the transport does with a read.
				signal.addEventListener('abort', () => unanswered.reject(reason));
				return await unanswered.promise;
			});
			expect(looks).toBe(1);
			const from = performance.now();
			stop.abort(reason);
			await settle();
			expect(stopped).toEqual({ reason, at: from });
			expect(next.at).toBeUndefined();
		});
	});

	it('refusals are taken for the shared limit on requests where the read is refused too', async () => {
		const twenty2 = new Twenty2(3);
		const budget = new Budget(three);
		place(opened(budget), twenty2, 3);
		await settle();
		let usedUp = true;
		let sent = 0;
		const answer = async <T>(value: T) => {
			sent++;
			if (usedUp) throw new TooMany();
			return value;
		};
		const call = { idOf: (id: string) => id, isOver: async () => await answer(false) };
		const { creates } = opened(budget);
		const create = watch(
			through(
				creates,
				request(async () => await answer('call 4'), { call }),
			),
		);
		await pass(20 * SECOND);
		// The create, its early probe, and a read.
		expect(sent).toBeGreaterThanOrEqual(3);

		// What is left to this process is what was accepted.
		let read = 0;
		const { reads } = opened(budget);
		for (let i = 0; i < 40; i++)
			watch(
				through(
					reads,
					request(async () => ++read),
				),
			);
		await settle();
		expect(read).toBeLessThanOrEqual(3);

		// No line was lacking, so the create waits for no call to end.
		usedUp = false;
		await pass(3 * MINUTE);
		expect(create.value).toBe('call 4');
	});

	it('refused creates go on freely where calls beyond the documented lines were accepted', async () => {
		const twenty2 = new Twenty2(1_000);
		twenty2.answersAfter = 500;
		const placed = place(opened(new Budget(three)), twenty2, 30);
		// Three at a time take little more than five seconds, one at a time fifteen.
		await pass(6 * SECOND);
		expect(placed.every(({ value }) => value !== undefined)).toBe(true);
		expect(twenty2.looks).toBe(0);
	});

	it('refused creates go alone when they are the first beyond the documented lines', async () => {
		const twenty2 = new Twenty2(1_000);
		twenty2.answersAfter = 500;
		place(opened(new Budget(three)), twenty2, 7);
		await pass(2 * SECOND);
		expect(twenty2.creates.map(({ at }) => at)).toEqual([0, 0, 0, 500, 1_000, 1_000, 1_000]);
	});

	it('refused creates may still lack a line when as many were accepted as are allowed later on', async () => {
		const twenty2 = new Twenty2(20);
		const budget = new Budget(three);
		budget.allow({ ...three, concurrentCalls: 20 });
		place(opened(budget), twenty2, 22);
		await pass(MINUTE);
		expect(twenty2.accepted).toBe(20);
		expect(twenty2.refused).toBeLessThanOrEqual(4);
		expect(twenty2.looks).toBeGreaterThan(0);
	});

	describe('while others hold the lines', () => {
		const gaps = ({ creates }: Twenty2, from: number) => {
			const times = creates.map(({ at }) => at).filter((at) => at >= from);
			return times.slice(1).map((at, i) => at - (times[i] ?? 0));
		};

		it('refused creates probe at growing intervals, and get a line soon after others give it back', async () => {
			const { twenty2, first, second } = await busy();
			twenty2.others = 3;
			twenty2.end('call 1', 'call 2', 'call 3');
			const from = performance.now();
			await pass(15 * MINUTE);
			const all = gaps(twenty2, from);
			expect(all.length).toBeGreaterThanOrEqual(4);
			expect(all.length).toBeLessThanOrEqual(15 * 6);
			expect(Math.max(...all.slice(-3))).toBeGreaterThan(Math.min(...all.slice(0, 3)));

			twenty2.others = 0;
			await pass(3 * MINUTE);
			expect([first?.value, second?.value].sort()).toEqual(['call 4', 'call 5']);
		});

		it('refused creates find the lines that others have given back, while their one line goes from call to call', async () => {
			const twenty2 = new Twenty2(3);
			twenty2.others = 2;
			twenty2.callsLast = 20 * SECOND;
			const placed = place(opened(new Budget(three)), twenty2, 20);
			await pass(MINUTE);
			twenty2.others = 0;
			await pass(4 * MINUTE);
			// One line alone takes at most 15 calls in five minutes.
			expect(placed.filter(({ at }) => at !== undefined)).toHaveLength(20);
		});

		it('refused creates leave the probe to others while they are asked to wait for long', async () => {
			const { twenty2, first, second } = await busy();
			twenty2.others = 3;
			twenty2.end('call 1', 'call 2', 'call 3');
			// Until the own calls are known to be over, and lines are probed.
			await pass(2 * MINUTE);
			twenty2.retryAfterMs = 20 * MINUTE;
			const { refused } = twenty2;
			while (twenty2.refused === refused) await pass(SECOND);
			const from = performance.now();
			twenty2.retryAfterMs = 0;
			// Everything waits for five minutes, and only the refused one for longer.
			await pass(7 * MINUTE);
			expect(twenty2.refused).toBeGreaterThan(refused + 1);
			twenty2.others = 0;
			await pass(2 * MINUTE);
			const placed = [first, second].filter((create) => create?.at !== undefined);
			expect(placed).toHaveLength(1);
			const asked = twenty2.creates.length;
			await pass(12 * MINUTE);
			expect(twenty2.creates).toHaveLength(asked + 1);
			expect(Math.max(first?.at ?? 0, second?.at ?? 0)).toBeGreaterThanOrEqual(from + 19 * MINUTE);
		});

		it('refused creates leave a freed line to others for a moment, now and then, and take it if they did not', async () => {
			const twenty2 = new Twenty2(3);
			twenty2.others = 1;
			const access = opened(new Budget(three));
			const end = (id: string) => {
				twenty2.end(id);
				access.callEnded(id);
			};
			place(access, twenty2, 2);
			const [first, second] = place(access, twenty2, 2);
			await pass(10 * SECOND);

			end('call 1');
			await pass(12 * SECOND - 1);
			expect(first?.at).toBeUndefined();
			await pass(1);
			expect(first).toEqual({ value: 'call 3', at: 22 * SECOND });

			// Nobody took that one, so the next one is left to them for half as long.
			end('call 2');
			await pass(6 * SECOND - 1);
			expect(second?.at).toBeUndefined();
			await pass(1);
			expect(second).toEqual({ value: 'call 4', at: 28 * SECOND });
		});

		it('refused creates keep no read waiting while others hold the lines', async () => {
			const twenty2 = new Twenty2(3);
			twenty2.others = 3;
			const budget = new Budget(three);
			place(opened(budget), twenty2, 2);
			await pass(20 * SECOND);
			const read = watch(
				through(
					opened(budget).reads,
					request(async () => 'answer'),
				),
			);
			// The read is the next probe, a minute after the second refusal.
			await pass(45 * SECOND);
			expect(read.value).toBe('answer');
		});

		it('refused creates keep no read waiting where no own call was ever placed', async () => {
			const twenty2 = new Twenty2(3);
			twenty2.others = 3;
			const placed = place(opened(new Budget(three)), twenty2, 2);
			await pass(15 * MINUTE);
			const all = gaps(twenty2, 0);
			expect(all.length).toBeGreaterThanOrEqual(4);
			expect(all.length).toBeLessThanOrEqual(15 * 6);
			expect(Math.max(...all.slice(-3))).toBeGreaterThan(Math.min(...all.slice(0, 3)));

			twenty2.others = 0;
			await pass(3 * MINUTE);
			expect(placed.map(({ value }) => value).sort()).toEqual(['call 1', 'call 2']);
		});
	});
});
