import { describe, expect, it } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { hold, opened, request, tasks, through, TooMany, type Way } from './requests';

const three = { requestsPerMinute: 60, concurrentCalls: 3 };
const answer = async () => 'answer';

/** Each of them of a run of its own. */
const start = (
	budget: Budget,
	lane: 'creates' | 'reads' | 'polls',
	send: Parameters<typeof request>[0],
) => watch(through(opened(budget)[lane], request(send)));

/** All of them of one run. */
const startAll = (lane: Way, many: number, send: Parameters<typeof request>[0]) =>
	Array.from({ length: many }, () => watch(through(lane, request(send))));

describe('Budget', () => {
	useFakeTime();

	it.each(['creates', 'reads'] as const)(
		'%s: sends at most concurrentCalls at once, of one run or of many',
		async (lane) => {
			const budget = new Budget(three);
			const some = tasks();
			const results = [
				...startAll(opened(budget)[lane], 4, some.task),
				...Array.from({ length: 3 }, () => start(budget, lane, some.task)),
			];
			await settle();
			for (let i = 0; i < 7; i++) {
				expect(some.running).toBe(Math.min(3, 7 - i));
				await some.end(i);
			}
			expect(results.every(({ value }) => value !== undefined)).toBe(true);
		},
	);

	it('gives back the permit of a create whose answer got lost, so that reads can look for it', async () => {
		const budget = new Budget({ ...three, requestsPerMinute: 1 });
		const { creates, reads } = opened(budget);
		const { signal } = new AbortController();
		const lease = await creates.access.acquire('create', { what: 'Create', signal });
		lease.settle({ is: 'no answer' });
		const read = watch(through(reads, request(answer)));
		await pass(60_000);
		expect(read.value).toBe('answer');
		lease.release();
	});

	it('gives the line of one that rejected to the next', async () => {
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
			const access = opened(new Budget(three));
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
		async (lane) => {
			const budget = new Budget({ ...three, concurrentCalls: 1 });
			const some = tasks();
			startAll(opened(budget)[lane], 5, some.task);
			await settle();
			budget.allow({ requestsPerMinute: 60, concurrentCalls: 4 });
			await settle();
			expect(some.running).toBe(4);
		},
	);

	it('sends no more than allowed after fewer calls are allowed', async () => {
		const budget = new Budget(three);
		const some = tasks();
		startAll(opened(budget).creates, 5, some.task);
		await settle();
		budget.allow({ requestsPerMinute: 60, concurrentCalls: 1 });
		await some.end(0);
		await some.end(1);
		expect([some.sent, some.running]).toEqual([3, 1]);
		await some.end(2);
		expect([some.sent, some.running]).toEqual([4, 1]);
	});

	it('takes in those waiting for the window when more requests are allowed', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 3 });
		const all = startAll(opened(budget).creates, 3, answer);
		await settle();
		budget.allow({ requestsPerMinute: 2, concurrentCalls: 3 });
		await settle();
		expect(all.map(({ at }) => at)).toEqual([0, 0, undefined]);
	});

	it.each(['creates', 'reads'] as const)('%s: sends at most requestsPerMinute', async (lane) => {
		const budget = new Budget({ requestsPerMinute: 2, concurrentCalls: 5 });
		const sent: number[] = [];
		startAll(opened(budget)[lane], 5, async () => sent.push(performance.now()));
		await pass(120_000);
		expect(sent).toEqual([0, 0, 60_000, 60_000, 120_000]);
	});

	it('counts creates and reads together in the window', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 5 });
		start(budget, 'creates', answer);
		await settle();
		const read = start(budget, 'reads', answer);
		await pass(59_999);
		expect(read.at).toBeUndefined();
		await pass(1);
		expect(read.value).toBe('answer');
	});

	describe('a create whose line is kept', () => {
		const oneLine = { ...three, concurrentCalls: 1 };

		/** A create that is answered at once, and whose call goes on. */
		const call = (budget: Budget) => watch(hold(opened(budget).creates, request(answer)));

		it('a create whose line is kept keeps its line until that is released, though it was answered long before', async () => {
			const budget = new Budget(three);
			const calls = Array.from({ length: 4 }, () => call(budget));
			await pass(30_000);
			expect(calls.map(({ at }) => at)).toEqual([0, 0, 0, undefined]);
			calls[1]?.value?.release();
			await settle();
			expect(calls[3]).toMatchObject({ value: { answer: 'answer' }, at: 30_000 });
		});

		it('a create whose line is kept gives back one line, however often that is released', async () => {
			const budget = new Budget({ ...three, concurrentCalls: 2 });
			const calls = Array.from({ length: 4 }, () => call(budget));
			await settle();
			calls[0]?.value?.release();
			calls[0]?.value?.release();
			await settle();
			expect(calls.map(({ at }) => at)).toEqual([0, 0, 0, undefined]);
		});

		it('a create whose line is kept keeps none when the ID of its call cannot be told', async () => {
			const budget = new Budget(oneLine);
			const mistake = new TypeError('x is not a function');
			const unreadable = {
				idOf: () => {
					throw mistake;
				},
				isOver: async () => false,
			};
			const first = watch(hold(opened(budget).creates, request(answer, { call: unreadable })));
			const second = start(budget, 'creates', answer);
			await settle();
			expect([first.reason, second.value]).toEqual([mistake, 'answer']);
		});

		it('a create whose line is kept keeps none when it was not placed', async () => {
			const budget = new Budget(oneLine);
			const refused = request(async () => await Promise.reject(new Error('refused')));
			const first = watch(hold(opened(budget).creates, refused));
			const second = start(budget, 'creates', answer);
			await settle();
			expect(first.reason).toEqual(new Error('refused'));
			expect(second.value).toBe('answer');
		});

		it('a create whose line is kept keeps the one line it has when it was refused first and then placed', async () => {
			const budget = new Budget({ ...three, concurrentCalls: 2 });
			let tries = 0;
			const send = async () => {
				if (tries++ === 0) throw new TooMany(1_000);
				return 'answer';
			};
			const first = watch(hold(opened(budget).creates, request(send)));
			await pass(30_000);
			const others = [call(budget), call(budget)];
			await settle();
			expect(others.map(({ at }) => at)).toEqual([30_000, undefined]);
			first.value?.release();
			await settle();
			expect(others[1]?.at).toBe(30_000);
		});

		it('a create whose line is kept keeps no read waiting', async () => {
			const budget = new Budget(oneLine);
			call(budget);
			await settle();
			const looks = [start(budget, 'reads', answer), start(budget, 'polls', answer)];
			await settle();
			expect(looks.map(({ value }) => value)).toEqual(['answer', 'answer']);
		});

		it('a create whose line is kept keeps the budget from being forgotten', async () => {
			const budget = new Budget(three);
			const placed = call(budget);
			await pass(90_000);
			expect(budget.idle).toBe(false);
			placed.value?.release();
			await settle();
			expect(budget.idle).toBe(true);
		});
	});

	describe('a call that was placed earlier', () => {
		const oneLine = { ...three, concurrentCalls: 1 };

		it('a call that was placed earlier keeps a line until that is released', async () => {
			const budget = new Budget(oneLine);
			const release = opened(budget).holdLine('call');
			const create = start(budget, 'creates', answer);
			await pass(5_000);
			expect(create.at).toBeUndefined();
			release();
			await settle();
			expect(create).toEqual({ value: 'answer', at: 5_000 });
		});

		it('a call that was placed earlier takes no line when it is released before there is one for it', async () => {
			const budget = new Budget(oneLine);
			const some = tasks();
			start(budget, 'creates', some.task);
			await settle();
			const release = opened(budget).holdLine('call');
			start(budget, 'creates', some.task);
			await settle();
			release();
			await settle();
			expect(some.sent).toBe(1);
			await some.end(0);
			expect(some.sent).toBe(2);
			await some.end(1);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});

		it('a call that was placed earlier takes the first line that frees, before creates that came later', async () => {
			const budget = new Budget(oneLine);
			const some = tasks();
			start(budget, 'creates', some.task);
			await settle();
			const release = opened(budget).holdLine('call');
			await settle();
			start(budget, 'creates', some.task);
			await some.end(0);
			expect(some.sent).toBe(1);
			release();
			await settle();
			expect(some.sent).toBe(2);
		});

		it('an ended call that was placed earlier takes nobody’s line', async () => {
			const budget = new Budget(oneLine);
			const access = opened(budget);
			for (let i = 0; i < 500; i++) {
				const release = access.holdLine(`call ${i}`);
				access.callEnded(`call ${i}`);
				release();
			}
			const create = start(budget, 'creates', answer);
			await settle();
			expect(create.at).toBe(0);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});

		it.each([1, 2, 3])('each of several placed calls keeps one of %i lines', async (many) => {
			const budget = new Budget(three);
			const access = opened(budget);
			const ids = Array.from({ length: many }, (_, i) => `call ${i}`);
			const releases = ids.map((id) => access.holdLine(id));
			const some = tasks();
			startAll(access.creates, 6, some.task);
			await settle();
			expect(some.running).toBe(3 - many);
			ids.forEach((id) => access.callEnded(id));
			releases.forEach((release) => release());
			await settle();
			expect(some.running).toBe(3);
		});
	});

	describe('idle', () => {
		it.each(['creates', 'reads'] as const)(
			'a budget is not idle while one of the %s is on its way',
			async (lane) => {
				const budget = new Budget(three);
				expect(budget.idle).toBe(true);
				const some = tasks();
				start(budget, lane, some.task);
				await pass(90_000);
				expect(budget.idle).toBe(false);
				await some.end(0);
				await pass(60_000);
				expect(budget.idle).toBe(true);
			},
		);

		it('a budget is not idle while a request still counts', async () => {
			const budget = new Budget(three);
			start(budget, 'creates', answer);
			await pass(59_999);
			expect(budget.idle).toBe(false);
			await pass(1);
			expect(budget.idle).toBe(true);
		});
	});
});
