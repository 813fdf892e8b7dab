import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { Patience } from '../../policy/retry';
import type { Parameters } from './parameters';

/** The options that every operation has. */
export const giveUpAfterSeconds: INodeProperties = {
	displayName: 'Give Up After (Seconds)',
	name: 'giveUpAfterSeconds',
	type: 'number',
	typeOptions: { minValue: 0 },
	default: 300,
	description:
		'How long one request keeps trying while Twenty2 says that there are too many requests. With 0 it does not try again.',
};

export const maxRetries: INodeProperties = {
	displayName: 'Max Retries',
	name: 'maxRetries',
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 0 },
	default: 3,
	description:
		'How often a request is sent again after Twenty2 had trouble or could not be reached. A call that may have been placed is not placed again.',
};

export const requestTimeoutSeconds: INodeProperties = {
	displayName: 'Request Timeout (Seconds)',
	name: 'requestTimeoutSeconds',
	type: 'number',
	typeOptions: { minValue: 1, maxValue: 3600 },
	default: 30,
	description: 'How long to wait for the answer to one request',
};

/** What a switch may hold. */
export const yesOrNo = z.boolean('must be true or false');

const notWhole = 'must be a whole number from 0 up';
const whole = z.number(notWhole).check(z.int(notWhole), z.gte(0, notWhole));

const notSeconds = 'must be a number of seconds from 0 up';
const seconds = z.number(notSeconds).check(z.gte(0, notSeconds));

// A timer longer than 24 days fires at once, and an hour without an answer is long enough.
const notTimeout = 'must be a number of seconds from 1 to 3600';
const timeout = z.number(notTimeout).check(z.gte(1, notTimeout), z.lte(3600, notTimeout));

/**
 * How patient the requests of one item are.
 * @throws Failure `INVALID_INPUT` naming the option
 */
export function patienceOf(parameters: Parameters): Patience & { timeoutMs: number } {
	return {
		maxRetries: parameters.readOption(maxRetries, whole),
		giveUpAfterMs: parameters.readOption(giveUpAfterSeconds, seconds) * 1_000,
		timeoutMs: parameters.readOption(requestTimeoutSeconds, timeout) * 1_000,
	};
}
