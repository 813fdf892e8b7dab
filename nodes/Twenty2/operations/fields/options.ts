import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

import type { Patience } from '../../policy/retry';
import type { FieldReader } from './parameters';
import { numberOf, wholeNumber } from './schemas';

const giveUpAfterSeconds: INodeProperties = {
	displayName: 'Keep Trying When Busy (Seconds)',
	name: 'giveUpAfterSeconds',
	type: 'number',
	typeOptions: { minValue: 0 },
	default: 300,
	description:
		'How long an item keeps trying while Twenty2 says that there are too many requests or calls. With 0 it does not.',
};

/** Six backoffs of 1, 2, 4, 8, 16 and 30 seconds, or longer by chance: a minute in all. */
export const maxRetries: INodeProperties = {
	displayName: 'Max Retries',
	name: 'maxRetries',
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 0 },
	default: 6,
	description:
		'How often a request is sent again after trouble at Twenty2. A call that may have been placed is not placed again.',
};

const requestTimeoutSeconds: INodeProperties = {
	displayName: 'Request Timeout (Seconds)',
	name: 'requestTimeoutSeconds',
	type: 'number',
	typeOptions: { minValue: 1, maxValue: 3600 },
	default: 30,
	description: 'How long one request may take, from sending it to the end of its answer',
};

/** The field Options of an operation. */
export const optionsField = (
	options: INodeProperties[],
	displayOptions: IDisplayOptions,
): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options,
	displayOptions,
});

/** The options of every request, in the order in which they are needed. */
export const requestOptionFields = [giveUpAfterSeconds, maxRetries, requestTimeoutSeconds];

/** What the options say of the requests of one item. */
export interface RequestOptions extends Patience {
	/** How long one request may take to the end of its answer, in milliseconds. */
	timeoutMs: number;
}

const count = wholeNumber(0);
const seconds = numberOf('seconds', 0);
const timeout = numberOf('seconds', 1, 3600);

/** @throws Failure `INVALID_INPUT` naming the option */
export function requestOptionsOf(parameters: FieldReader): RequestOptions {
	return {
		maxRetries: parameters.readOption(maxRetries, count),
		giveUpAfterMs: parameters.readOption(giveUpAfterSeconds, seconds) * 1_000,
		timeoutMs: parameters.readOption(requestTimeoutSeconds, timeout) * 1_000,
	};
}
