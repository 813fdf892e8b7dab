import { describe, expect, it } from 'vitest';

import { Budget, type Pass } from '../../../nodes/Twenty2/policy/budget';
import { later, pass, settle, useFakeTime, watch } from './fakeTime';
import { request, tasks, TooMany } from './requests';

const three = { requestsPerMinute: 60, concurrentCalls: 3 };
const answer = async () => 'answer';

/** Each of them of a run of its own. */
const start = (
	budget: Budget,
	way: 'creates' | 'reads' | 'polls',
	send: Parameters<typeof request>[0],
) => watch(budget.open()[way].through(request(send)));

/** All of them of one run. */
const startAll = (through: Pass, many: number, send: Parameters<typeof request>[0]) =>
	Array.from({ length: many }, () => watch(through.through(request(send))));

describe('Budget', () => {
	useFakeTime();

	it.each(['creates', 'reads'] as const)(
		'%s: sends at most concurrentCalls at once, of one run or of many',
		async (way) => {
			const budget = new Budget(three);
			const some = tasks();
			const results = [
				...startAll(budget.open()[way], 4, some.task),
				...Array.from({ length: 3 }, () => start(budget, way, some.task)),
			];
			await settle();
			for (let i = 0; i < 7; i++) {
				expect(some.running).toBe(Math.min(3, 7 - i));
				await some.end(i);
			}
			expect(results.every(({ value }) => value !== undefined)).toBe(true);
		},
	);

	it('gives the place of one that rejected to the next', async () => {
		const budget = new Budget({ ...three, concurrentCalls: 1 });
		const reason = new Error('refused');
		const first = start(budget, 'creates', async () => await Promise.reject(reason));
		const second = start(budget, 'creates', answer);
		await settle();
		expect(first.reason).toBe(reason);
		expect(second.value).toBe('answer');
	});

	it('gives everything back when sending fails before it begins', async () => {
		const budget = new Budget({ ...three, concurrentCalls: 1 });
		const mistake = new TypeError('x is not a function');
		const first = start(budget, 'creates', () => {
			throw mistake;
		});
		const second = start(budget, 'creates', answer);
		await settle();
		expect(first.reason).toBe(mistake);
		expect(second.value).toBe('answer');
		await pass(60_000);
		expect(budget.idle).toBe(true);
	});

	it('lets reads through while all lines are busy, and creates while all reads are', async () => {
		for (const [busy, free] of [
			['creates', 'reads'],
			['reads', 'creates'],
		] as const) {
			const access = new Budget(three).open();
			const some = tasks();
			startAll(access[busy], 4, some.task);
			const [other] = startAll(access[free], 1, answer);
			await settle();
			expect(some.running).toBe(3);
			expect(other?.value).toBe('answer');
		}
	});

	it.each(['creates', 'reads'] as const)(
		'%s: takes in those waiting when more calls are allowed',
		async (way) => {
			const budget = new Budget({ ...three, concurrentCalls: 1 });
			const some = tasks();
			startAll(budget.open()[way], 5, some.task);
			await settle();
			budget.allow({ requestsPerMinute: 60, concurrentCalls: 4 });
			await settle();
			expect(some.running).toBe(4);
		},
	);

	it('begins no more than allowed after fewer calls are allowed', async () => {
		const budget = new Budget(three);
		const some = tasks();
		startAll(budget.open().creates, 5, some.task);
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
		const all = startAll(budget.open().creates, 3, answer);
		await settle();
		budget.allow({ requestsPerMinute: 2, concurrentCalls: 3 });
		await settle();
		expect(all.map(({ at }) => at)).toEqual([0, 0, undefined]);
	});

	it.each(['creates', 'reads'] as const)('%s: sends at most requestsPerMinute', async (way) => {
		const budget = new Budget({ requestsPerMinute: 2, concurrentCalls: 5 });
		const sent: number[] = [];
		startAll(budget.open()[way], 5, async () => sent.push(performance.now()));
		await pass(120_000);
		expect(sent).toEqual([0, 0, 60_000, 60_000, 120_000]);
	});

	it('counts creates and reads together in the window', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 5 });
		start(budget, 'creates', answer);
		const read = start(budget, 'reads', answer);
		await pass(59_999);
		expect(read.at).toBeUndefined();
		await pass(1);
		expect(read.value).toBe('answer');
	});

	describe('a call that lasts', () => {
		const oneLine = { ...three, concurrentCalls: 1 };

		/** A create that is answered at once, and whose call ends when told to. */
		const call = (budget: Budget, more: Parameters<typeof request>[1] = {}) => {
			const end = later<string>();
			const lasts = async () => await end.promise;
			const placed = watch(budget.open().creates.through(request(answer, { lasts, ...more })));
			return { placed, end };
		};

		it('keeps its line until it has ended, though its create was answered long before', async () => {
			const budget = new Budget(three);
			const calls = Array.from({ length: 4 }, () => call(budget));
			await pass(30_000);
			expect(calls.map(({ placed }) => placed.at)).toEqual([0, 0, 0, undefined]);
			calls[1]?.end.resolve('ended');
			await settle();
			expect(calls[3]?.placed).toEqual({ value: 'answer', at: 30_000 });
		});

		it('gives its line back when it is no longer waited for, whatever the reason', async () => {
			const budget = new Budget(oneLine);
			const first = call(budget);
			const second = start(budget, 'creates', answer);
			await settle();
			first.end.reject(new Error('took too long'));
			await settle();
			expect(second.value).toBe('answer');
			expect(first.placed.value).toBe('answer');
		});

		it('gives it back when asking how long it lasts goes wrong', async () => {
			const budget = new Budget(oneLine);
			const lasts = async () => await Promise.reject(new TypeError('x is not a function'));
			const first = watch(budget.open().creates.through(request(answer, { lasts })));
			const second = start(budget, 'creates', answer);
			await settle();
			expect([first.value, second.value]).toEqual(['answer', 'answer']);
		});

		it('is not asked how long it lasts when it was not placed', async () => {
			const budget = new Budget(oneLine);
			let asked = 0;
			const lasts = async () => {
				asked++;
				await new Promise(() => undefined);
			};
			const refused = request(async () => await Promise.reject(new Error('refused')), { lasts });
			const first = watch(budget.open().creates.through(refused));
			const second = start(budget, 'creates', answer);
			await settle();
			expect(first.reason).toEqual(new Error('refused'));
			expect(second.value).toBe('answer');
			expect(asked).toBe(0);
		});

		it('keeps the one line it has when it was refused first and then placed', async () => {
			const budget = new Budget({ ...three, concurrentCalls: 2 });
			const end = later<string>();
			let tries = 0;
			const send = async () => {
				if (tries++ === 0) throw new TooMany(1_000);
				return 'answer';
			};
			const lasts = async () => await end.promise;
			watch(budget.open().creates.through(request(send, { lasts })));
			await pass(30_000);
			const others = [call(budget), call(budget)];
			await settle();
			expect(others.map(({ placed }) => placed.at)).toEqual([30_000, undefined]);
			end.resolve('ended');
			await settle();
			expect(others[1]?.placed.at).toBe(30_000);
		});

		it('keeps nobody from looking', async () => {
			const budget = new Budget(oneLine);
			call(budget);
			await settle();
			const looks = [start(budget, 'reads', answer), start(budget, 'polls', answer)];
			await settle();
			expect(looks.map(({ value }) => value)).toEqual(['answer', 'answer']);
		});

		it('keeps the budget from being forgotten', async () => {
			const budget = new Budget(three);
			const { end } = call(budget);
			await pass(90_000);
			expect(budget.idle).toBe(false);
			end.resolve('ended');
			await settle();
			expect(budget.idle).toBe(true);
		});
	});

	describe('a call that was placed earlier', () => {
		const oneLine = { ...three, concurrentCalls: 1 };

		it.each(['resolve', 'reject'] as const)('keeps a line until it has ended (%s)', async (how) => {
			const budget = new Budget(oneLine);
			const end = later<string>();
			const waited = watch(budget.open().occupied(end.promise));
			const create = start(budget, 'creates', answer);
			await pass(5_000);
			expect(create.at).toBeUndefined();
			if (how === 'resolve') end.resolve('ended');
			else end.reject(new Error('took too long'));
			await settle();
			expect(waited).toEqual(
				how === 'resolve'
					? { value: 'ended', at: 5_000 }
					: { reason: new Error('took too long'), at: 5_000 },
			);
			expect(create.value).toBe('answer');
		});

		it('is waited for though there is no line for it, and then takes none', async () => {
			const budget = new Budget(oneLine);
			const some = tasks();
			start(budget, 'creates', some.task);
			await settle();
			const end = later<string>();
			const waited = watch(budget.open().occupied(end.promise));
			start(budget, 'creates', some.task);
			await settle();
			end.resolve('ended');
			await settle();
			expect(waited.value).toBe('ended');
			expect(some.begun).toBe(1);
			await some.end(0);
			expect(some.begun).toBe(2);
			await some.end(1);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});

		it('takes the first line that frees, before creates that came later', async () => {
			const budget = new Budget(oneLine);
			const some = tasks();
			start(budget, 'creates', some.task);
			await settle();
			const end = later<string>();
			watch(budget.open().occupied(end.promise));
			await settle();
			start(budget, 'creates', some.task);
			await some.end(0);
			expect(some.begun).toBe(1);
			end.resolve('ended');
			await settle();
			expect(some.begun).toBe(2);
		});

		it("that has ended long ago takes nobody's line", async () => {
			const budget = new Budget(oneLine);
			const ended = Array.from({ length: 500 }, (_, i) =>
				watch(budget.open().occupied(Promise.resolve(i))),
			);
			const create = start(budget, 'creates', answer);
			await settle();
			expect(ended.map(({ value }) => value)).toEqual(ended.map((_, i) => i));
			expect(create.at).toBe(0);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});

		it.each([1, 2, 3])('and its like keep %i lines, one each', async (many) => {
			const budget = new Budget(three);
			const ends = Array.from({ length: many }, () => later<string>());
			for (const { promise } of ends) watch(budget.open().occupied(promise));
			const some = tasks();
			startAll(budget.open().creates, 6, some.task);
			await settle();
			expect(some.running).toBe(3 - many);
			for (const { resolve } of ends) resolve('ended');
			await settle();
			expect(some.running).toBe(3);
		});
	});

	describe('idle', () => {
		it.each(['creates', 'reads'] as const)(
			'is false while one of the %s is on its way',
			async (way) => {
				const budget = new Budget(three);
				expect(budget.idle).toBe(true);
				const some = tasks();
				start(budget, way, some.task);
				await pass(90_000);
				expect(budget.idle).toBe(false);
				await some.end(0);
				await pass(60_000);
				expect(budget.idle).toBe(true);
			},
		);

		it('is false while a request still counts', async () => {
			const budget = new Budget(three);
			start(budget, 'creates', answer);
			await pass(59_999);
			expect(budget.idle).toBe(false);
			await pass(1);
			expect(budget.idle).toBe(true);
		});
	});
});
