import { beforeEach, describe, expect, it } from 'vitest';

import { LiveCalls } from '../../../nodes/Twenty2/policy/liveCalls';
import { pass, useFakeTime } from './fakeTime';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('Live calls', () => {
	useFakeTime();

	let calls: LiveCalls;
	beforeEach(() => {
		calls = new LiveCalls();
	});

	/** A call that was seen live some time after it was placed, and then ended. */
	async function lasted(ms: number) {
		calls.add('ended');
		await pass(ms);
		calls.seen('ended');
		calls.end('ended');
	}

	/** In how many milliseconds the next look is due. */
	const dueIn = () => (calls.due()?.at ?? NaN) - performance.now();

	it('are those that were placed and did not end', () => {
		calls.add('a');
		calls.add('b');
		expect(calls.end('a')).toBe(true);
		expect([calls.count, calls.has('a'), calls.has('b')]).toEqual([1, false, true]);
	});

	it('say of an unknown call that they do not know it', () => {
		calls.unanswered('a');
		expect([calls.seen('a'), calls.end('a'), calls.count]).toEqual([false, false, 0]);
		expect([calls.due(), calls.oldest(0)]).toEqual([undefined, undefined]);
	});

	it('forget the oldest ones beyond a number', () => {
		for (const id of ['a', 'b', 'c']) calls.add(id);
		calls.trim(2);
		expect(['a', 'b', 'c'].filter((id) => calls.has(id))).toEqual(['b', 'c']);
	});

	it('are looked at after a second, and then after a fifth of their age', async () => {
		calls.add('a');
		expect(dueIn()).toBe(SECOND);
		await pass(MINUTE);
		calls.seen('a');
		expect(dueIn()).toBe(12 * SECOND);
	});

	it('are looked at no sooner than the shortest ones ended, and then at twentieths', async () => {
		await lasted(2 * MINUTE);
		calls.add('a');
		expect(dueIn()).toBe(2 * MINUTE);
		await pass(2 * MINUTE);
		calls.seen('a');
		expect(dueIn()).toBe(6 * SECOND);
		await pass(4 * MINUTE);
		calls.seen('a');
		// It has lasted four minutes longer than usual.
		expect(dueIn()).toBe(12 * SECOND);
	});

	it('forget how long calls lasted before the last 20', async () => {
		await lasted(10 * SECOND);
		for (let n = 0; n < 20; n++) await lasted(100 * SECOND);
		calls.add('a');
		expect(dueIn()).toBe(100 * SECOND);
	});

	it('that are due first are looked at first', async () => {
		calls.add('a');
		await pass(MINUTE);
		calls.seen('a');
		calls.add('b');
		expect(calls.due()?.callId).toBe('b');
	});

	it('are looked at after a growing backoff while the answer does not tell', () => {
		calls.add('a');
		const gaps = [0, 1, 2, 3, 4, 5, 6].map(() => {
			calls.unanswered('a');
			return dueIn() / SECOND;
		});
		expect(gaps).toEqual([2, 4, 8, 16, 32, 60, 60]);
		calls.seen('a');
		expect(dueIn()).toBe(SECOND);
	});

	it('give the oldest one at once, unless a look had no answer that tells', () => {
		calls.add('a');
		calls.add('b');
		const now = performance.now();
		expect(calls.oldest(now)).toEqual({ callId: 'a', at: now });
		calls.unanswered('b');
		expect(calls.oldest(now)).toEqual({ callId: 'a', at: now + 2 * SECOND });
	});
});
