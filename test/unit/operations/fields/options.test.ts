import { expect, it } from 'vitest';

import {
	requestOptionFields,
	requestOptionsOf,
} from '../../../../nodes/Twenty2/operations/fields/options';
import { readerOf } from './reader';

it('the options of every request are six retries, five minutes and half a minute, where none was added', () => {
	expect(requestOptionsOf(readerOf({}))).toEqual({
		maxRetries: 6,
		giveUpAfterMs: 300_000,
		timeoutMs: 30_000,
	});
	expect(requestOptionFields.map(({ name }) => name)).toEqual([
		'giveUpAfterSeconds',
		'maxRetries',
		'requestTimeoutSeconds',
	]);
});

it('the options of every request are counted in seconds', () => {
	const least = { maxRetries: 0, giveUpAfterSeconds: 0, requestTimeoutSeconds: 1 };
	expect(requestOptionsOf(readerOf({}, least))).toEqual({
		maxRetries: 0,
		giveUpAfterMs: 0,
		timeoutMs: 1_000,
	});
	expect(requestOptionsOf(readerOf({}, { requestTimeoutSeconds: 3600 })).timeoutMs).toBe(3_600_000);
});

it.each([
	['maxRetries', -1, 'Max Retries must be a whole number from 0 up'],
	['maxRetries', 0.5, 'Max Retries must be a whole number from 0 up'],
	['giveUpAfterSeconds', -0.1, 'Keep Trying When Busy (Seconds) must be a number of seconds'],
	['requestTimeoutSeconds', 0.9, 'Request Timeout (Seconds) must be a number of seconds from 1'],
	['requestTimeoutSeconds', 3601, 'from 1 to 3600'],
	['requestTimeoutSeconds', '30', 'Request Timeout (Seconds) must be'],
])('the options of every request refuse %s of %j', (name, value, message) => {
	expect(() => requestOptionsOf(readerOf({}, { [name]: value }))).toThrow(message);
});
