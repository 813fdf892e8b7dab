import { expect, it } from 'vitest';

import { KeyLimits } from '../../../nodes/Twenty2/policy/keyLimits';
import { pass, useFakeTime } from './fakeTime';

const limits = (requestsPerMinute: number, concurrentCalls: number) => ({
	requestsPerMinute,
	concurrentCalls,
});

useFakeTime();

it('the limits of a key are unknown while no credential is in use', () => {
	expect(new KeyLimits().lowest).toBeUndefined();
});

it('the limits of a key are the lowest of all credentials in use, each by itself', () => {
	const key = new KeyLimits();
	key.state('one', limits(60, 2));
	key.state('other', limits(30, 5));
	expect(key.lowest).toEqual(limits(30, 2));
});

it('the limits of a key are those that a credential stated last', () => {
	const key = new KeyLimits();
	key.state('one', limits(30, 2));
	key.state('one', limits(60, 4));
	expect(key.lowest).toEqual(limits(60, 4));
});

it('the limits of a key are no longer those of a credential a minute after it stated them', async () => {
	const key = new KeyLimits();
	key.state('one', limits(30, 2));
	await pass(59_999);
	expect(key.lowest).toEqual(limits(30, 2));
	await pass(1);
	expect(key.lowest).toBeUndefined();
});

it('the limits of a key stay those of a credential with a request under way, and a minute longer', async () => {
	const key = new KeyLimits();
	key.state('one', limits(30, 2));
	const [end, endOther] = [key.use('one'), key.use('one')];
	await pass(600_000);
	end();
	await pass(600_000);
	expect(key.lowest).toEqual(limits(30, 2));
	endOther();
	await pass(59_999);
	expect(key.lowest).toEqual(limits(30, 2));
	await pass(1);
	expect(key.lowest).toBeUndefined();
});

it('the limits of a key are not given up twice for one request', async () => {
	const key = new KeyLimits();
	key.state('one', limits(30, 2));
	const end = key.use('one');
	key.use('one');
	end();
	end();
	await pass(600_000);
	expect(key.lowest).toEqual(limits(30, 2));
});

it('the limits of a key stay those of a credential with a request under way when it states others', async () => {
	const key = new KeyLimits();
	key.state('one', limits(30, 2));
	const end = key.use('one');
	key.state('one', limits(20, 1));
	await pass(600_000);
	expect(key.lowest).toEqual(limits(20, 1));
	end();
	await pass(60_000);
	expect(key.lowest).toBeUndefined();
});

it('the limits of a key know nothing of a credential that stated none', () => {
	const key = new KeyLimits();
	key.use('one')();
	expect(key.lowest).toBeUndefined();
});
