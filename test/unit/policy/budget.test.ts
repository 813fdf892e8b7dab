import { describe, expect, it } from 'vitest';

import { Endurance } from '../../../nodes/Twenty2/policy/endurance';
import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { pass, settle, useFakeTime, watch } from './fakeTime';

const never = new AbortController().signal;
const patient = () => new Endurance(300_000);

/** Tasks that end when told to. */
function tasks() {
	const ends: Array<() => void> = [];
	let most = 0;
	let running = 0;
	const task = async () => {
		most = Math.max(most, ++running);
		await new Promise<void>((resolve) => ends.push(resolve));
		running--;
		return ends.length;
	};
	return {
		task,
		get begun() {
			return ends.length;
		},
		get running() {
			return running;
		},
		get most() {
			return most;
		},
		end: async (which: number) => {
			ends[which]?.();
			await settle();
		},
	};
}

const three = { requestsPerMinute: 60, concurrentCalls: 3 };

describe('Budget', () => {
	useFakeTime();

	it.each(['creates', 'reads'] as const)(
		'%s: sends at most concurrentCalls at once',
		async (way) => {
			const budget = new Budget(three);
			const some = tasks();
			const results = Array.from({ length: 7 }, () =>
				watch(budget[way].through(never, patient(), some.task)),
			);
			await settle();
			expect(some.running).toBe(3);
			for (let i = 0; i < 7; i++) await some.end(i);
			expect(some.most).toBe(3);
			expect(results.every(({ value }) => value !== undefined)).toBe(true);
		},
	);

	it('gives the place of one that rejected to the next', async () => {
		const budget = new Budget({ ...three, concurrentCalls: 1 });
		const reason = new Error('refused');
		const first = watch(
			budget.creates.through(never, patient(), async () => await Promise.reject(reason)),
		);
		const second = watch(budget.creates.through(never, patient(), async () => 'answer'));
		await settle();
		expect(first.reason).toBe(reason);
		expect(second.value).toBe('answer');
	});

	it('lets reads through while all lines are busy, and creates while all reads are', async () => {
		for (const [busy, free] of [
			['creates', 'reads'],
			['reads', 'creates'],
		] as const) {
			const budget = new Budget(three);
			const some = tasks();
			for (let i = 0; i < 4; i++) watch(budget[busy].through(never, patient(), some.task));
			const other = watch(budget[free].through(never, patient(), async () => 'answer'));
			await settle();
			expect(some.running).toBe(3);
			expect(other.value).toBe('answer');
		}
	});

	it('takes in those waiting when more calls are allowed', async () => {
		const budget = new Budget({ ...three, concurrentCalls: 1 });
		const some = tasks();
		for (let i = 0; i < 5; i++) watch(budget.creates.through(never, patient(), some.task));
		await settle();
		budget.allow({ requestsPerMinute: 60, concurrentCalls: 4 });
		await settle();
		expect(some.running).toBe(4);
	});

	it('begins no more than allowed after fewer calls are allowed', async () => {
		const budget = new Budget(three);
		const some = tasks();
		for (let i = 0; i < 5; i++) watch(budget.creates.through(never, patient(), some.task));
		await settle();
		budget.allow({ requestsPerMinute: 60, concurrentCalls: 1 });
		await some.end(0);
		await some.end(1);
		expect([some.begun, some.running]).toEqual([3, 1]);
		await some.end(2);
		expect([some.begun, some.running]).toEqual([4, 1]);
	});

	it('takes in those waiting for the window when more requests are allowed', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 3 });
		await budget.window.enter(never);
		const waiting = watch(budget.window.enter(never));
		budget.allow({ requestsPerMinute: 2, concurrentCalls: 3 });
		await settle();
		expect(waiting.at).toBe(0);
	});

	it.each(['creates', 'reads'] as const)('%s: sends at most requestsPerMinute', async (way) => {
		const budget = new Budget({ requestsPerMinute: 2, concurrentCalls: 5 });
		const sent: number[] = [];
		const note = async () => {
			sent.push(performance.now());
		};
		for (let i = 0; i < 5; i++) watch(budget[way].through(never, patient(), note));
		await pass(120_000);
		expect(sent).toEqual([0, 0, 60_000, 60_000, 120_000]);
	});

	it('counts creates and reads together in the window', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 5 });
		await budget.creates.through(never, patient(), async () => 'answer');
		const read = watch(budget.reads.through(never, patient(), async () => 'answer'));
		await pass(59_999);
		expect(read.at).toBeUndefined();
		await pass(1);
		expect(read.value).toBe('answer');
	});

	describe('paused', () => {
		const because = new Error('too many requests');

		it('holds back creates and reads alike, whichever was refused', async () => {
			const budget = new Budget(three);
			expect(budget.creates.pause(5_000, because)).toBe(5_000);
			expect(budget.reads.pause(1_000, because)).toBe(5_000);
			const both = [budget.creates, budget.reads].map((way) =>
				watch(way.through(never, patient(), async () => 'answer')),
			);
			await pass(4_999);
			expect(both.map(({ at }) => at)).toEqual([undefined, undefined]);
			await pass(1);
			expect(both.map(({ at }) => at)).toEqual([5_000, 5_000]);
		});

		it('refuses those with less patience and frees their line', async () => {
			const budget = new Budget({ ...three, concurrentCalls: 1 });
			budget.creates.pause(5_000, because);
			const some = tasks();
			const hasty = watch(budget.creates.through(never, new Endurance(4_999), some.task));
			const next = watch(budget.creates.through(never, new Endurance(5_000), async () => 'answer'));
			await settle();
			expect(hasty).toEqual({ reason: because, at: 0 });
			await pass(5_000);
			expect(next.at).toBe(5_000);
			expect(some.begun).toBe(0);
		});
	});

	describe('when the signal fires', () => {
		const reason = new Error('stopped');

		it('begins nothing when it had fired before', async () => {
			const budget = new Budget(three);
			const some = tasks();
			await expect(
				budget.creates.through(AbortSignal.abort(reason), patient(), some.task),
			).rejects.toBe(reason);
			expect(some.begun).toBe(0);
		});

		it('leaves the queue at once and keeps the order and the places of the others', async () => {
			const budget = new Budget({ ...three, concurrentCalls: 1 });
			const some = tasks();
			watch(budget.creates.through(never, patient(), some.task));
			const stop = new AbortController();
			const begun: string[] = [];
			const note = (name: string) => async () => {
				begun.push(name);
			};
			const second = watch(budget.creates.through(stop.signal, patient(), note('second')));
			watch(budget.creates.through(never, patient(), note('third')));
			watch(budget.creates.through(never, patient(), note('fourth')));
			await settle();
			stop.abort(reason);
			await settle();
			expect(second.reason).toBe(reason);

			await some.end(0);
			expect(begun).toEqual(['third', 'fourth']);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});

		it('frees the line of one who waits for the window', async () => {
			const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 1 });
			await budget.reads.through(never, patient(), async () => 'answer');
			const stop = new AbortController();
			const some = tasks();
			const waiting = watch(budget.creates.through(stop.signal, patient(), some.task));
			const next = watch(budget.creates.through(never, patient(), async () => 'answer'));
			await settle();
			stop.abort(reason);
			await settle();
			expect(waiting.reason).toBe(reason);
			await pass(60_000);
			expect(next.value).toBe('answer');
			expect(some.begun).toBe(0);
		});

		it('sends nothing when it fires between being let in and sending', async () => {
			const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 1 });
			await budget.reads.through(never, patient(), async () => 'answer');
			const stop = new AbortController();
			const some = tasks();
			const waiting = watch(budget.creates.through(stop.signal, patient(), some.task));
			await settle();
			budget.allow({ requestsPerMinute: 2, concurrentCalls: 1 });
			stop.abort(reason);
			await settle();
			expect(waiting.reason).toBe(reason);
			expect(some.begun).toBe(0);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});

		it('lets what has begun come to its end', async () => {
			const budget = new Budget({ ...three, concurrentCalls: 1 });
			const some = tasks();
			const stop = new AbortController();
			const first = watch(budget.creates.through(stop.signal, patient(), some.task));
			await settle();
			stop.abort(reason);
			const next = watch(budget.creates.through(never, patient(), async () => 'answer'));
			await settle();
			expect([first.at, next.at]).toEqual([undefined, undefined]);
			await some.end(0);
			expect(first.value).toBe(1);
			expect(next.value).toBe('answer');
		});
	});

	describe('idle', () => {
		it.each(['creates', 'reads'] as const)(
			'is false while one of the %s is on its way',
			async (way) => {
				const budget = new Budget(three);
				expect(budget.idle).toBe(true);
				const some = tasks();
				watch(budget[way].through(never, patient(), some.task));
				await settle();
				expect(budget.idle).toBe(false);
				await some.end(0);
				await pass(60_000);
				expect(budget.idle).toBe(true);
			},
		);

		it('is false while a request still counts', async () => {
			const budget = new Budget(three);
			await budget.creates.through(never, patient(), async () => 'answer');
			expect(budget.idle).toBe(false);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});
	});
});
