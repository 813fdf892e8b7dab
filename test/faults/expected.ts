import type { Kind } from './faults';
import type { Cell, OperationName, Result } from './matrix';

/** A number of requests that chance decides within bounds: the pauses between looks are jittered. */
export type Range = [least: number, most: number];

/** The defined result of a combination. A range stands for `attempts`, and for as many requests. */
export interface Expected extends Omit<Result, 'attempts' | 'requests'> {
	attempts?: number | Range;
	requests: number | Range;
}

/** The code of a status, where Twenty2 names none. */
const codeByStatus: Partial<Record<number, string>> = {
	400: 'BAD_REQUEST',
	401: 'UNAUTHORIZED',
	403: 'FORBIDDEN',
	404: 'NOT_FOUND',
	422: 'VALIDATION_ERROR',
	500: 'INTERNAL_ERROR',
	503: 'INTERNAL_ERROR',
};

/** What Twenty2 names itself on the API key. */
const namedByTwenty2: Partial<Record<number, string>> = {
	400: 'INVALID_NUMBER',
	404: 'CALL_NOT_FOUND',
};

/** How many times the call logs are asked after a lost answer. The API key has none. */
const LOOKS = 3;
/** A trouble of Twenty2 may be with the call logs too, so the last look is retried once. */
const LOOKS_IN_TROUBLE = 4;

const n8n = { status: null, source: 'n8n' } as const;

function codeOf(kind: Kind & { status: number }, { generation, operation }: Cell): string {
	const { status } = kind;
	const named =
		kind.is === 'refusal' && generation === 'apiKey' ? namedByTwenty2[status] : undefined;
	// The workspace API has no codes, and its 404 to a look at a call means that there is none.
	const unknownCall = kind.is === 'refusal' && operation === 'get' && status === 404;
	return named ?? (unknownCall ? 'CALL_NOT_FOUND' : (codeByStatus[status] ?? `HTTP_${status}`));
}

/** A create: nobody is phoned twice, and whatever may have been placed is not placed again. */
function create(cell: Cell): Expected {
	const { kind } = cell.fault;
	const looks = cell.generation === 'workspace' ? LOOKS : 0;
	const calls = cell.carriedOut ? 1 : 0;
	const inDoubt = (code: string, status: number | null, sent: number): Expected => ({
		...{ code, status, source: 'n8n', outcome: 'unknown', attempts: sent, requests: sent, calls },
	});
	switch (kind.is) {
		case 'unreachable':
			return {
				...n8n,
				code: 'NETWORK_ERROR',
				outcome: 'not_placed',
				attempts: 2,
				requests: 0,
				calls,
			};
		case 'lost':
			return inDoubt('OUTCOME_UNKNOWN', null, 1 + looks);
		case 'late':
		case 'sound':
			return { code: 'ok', status: null, requests: 1, calls: 1 };
		case 'busy':
			return { code: 'ok', status: null, requests: 2, calls: 1 };
		case 'busy for long':
			return refused('RATE_LIMIT_EXCEEDED', 429, 1);
		case 'surprise':
			return inDoubt('INVALID_RESPONSE', 200, 1);
		case 'refusal':
		case 'proxy': {
			const { status } = kind;
			if (status < 500) return refused(codeOf(kind, cell), status, 1);
			const itself = kind.is === 'refusal' && (status === 500 || status === 503);
			if (!itself) return inDoubt('OUTCOME_UNKNOWN', status, 1 + looks);
			if (looks > 0) return inDoubt('OUTCOME_UNKNOWN', status, 1 + LOOKS_IN_TROUBLE);
			return refused('INTERNAL_ERROR', status, 2);
		}
	}
}

/**
 * A create at night, while the call logs can be read: they list a call that was placed as one that has not
 * begun, so it may be the one. Where they list nothing like it, Twenty2's word is believed.
 */
function night(cell: Cell): Expected {
	const { kind } = cell.fault;
	const isTrouble = kind.is === 'refusal' && (kind.status === 500 || kind.status === 503);
	const expected = create(cell);
	if (!isTrouble) return expected;
	const sent = cell.carriedOut ? 1 + LOOKS : 2 * (1 + LOOKS);
	return cell.carriedOut
		? { ...expected, attempts: sent, requests: sent }
		: refused('INTERNAL_ERROR', kind.status, sent);
}

const refused = (code: string, status: number, attempts: number): Expected => ({
	...{ code, status, source: 'twenty2', outcome: 'not_placed', attempts, requests: attempts },
	calls: 0,
});

/** A look at one call or at many: trouble and lost answers are retried once here. */
function read(cell: Cell): Expected {
	const { kind } = cell.fault;
	const calls = 0;
	const failed = (code: string, status: number | null, source: string, sent: number): Expected => ({
		...{ code, status, source, attempts: sent, requests: sent, calls },
	});
	switch (kind.is) {
		case 'unreachable':
			return { ...failed('NETWORK_ERROR', null, 'n8n', 2), requests: 0 };
		case 'lost':
			return failed('TIMEOUT', null, 'n8n', 2);
		case 'late':
		case 'sound':
			return { code: 'ok', status: null, requests: 1, calls };
		case 'busy':
			return { code: 'ok', status: null, requests: 2, calls };
		case 'busy for long':
			return failed('RATE_LIMIT_EXCEEDED', 429, 'twenty2', 1);
		case 'surprise':
			return failed('INVALID_RESPONSE', 200, 'n8n', 1);
		case 'refusal':
		case 'proxy': {
			const passes = kind.status === 500 || kind.status === 503;
			return failed(codeOf(kind, cell), kind.status, 'twenty2', passes ? 2 : 1);
		}
	}
}

/** The looks of a wait: only "this key may not" ends it before its time. */
function wait(cell: Cell): Expected {
	const { kind } = cell.fault;
	const placed = { outcome: 'placed', calls: 1 } as const;
	// The create, and the looks of a minute.
	const sent: Range = [6, 9];
	const tooLong: Expected = {
		...n8n,
		...placed,
		code: 'WAIT_TIMEOUT',
		attempts: sent,
		requests: sent,
	};
	switch (kind.is) {
		case 'unreachable':
			return { ...tooLong, requests: 1 };
		case 'late':
		case 'sound':
			return { code: 'ok', status: null, requests: 2, calls: 1 };
		case 'busy':
			return { code: 'ok', status: null, requests: 3, calls: 1 };
		case 'busy for long':
			return { ...tooLong, attempts: 2, requests: 2 };
		case 'lost':
		case 'surprise':
			return tooLong;
		case 'refusal':
		case 'proxy': {
			const { status } = kind;
			if (status !== 401 && status !== 403) return tooLong;
			const code = codeOf(kind, cell);
			return { ...placed, code, status, source: 'twenty2', attempts: 2, requests: 2 };
		}
	}
}

/** The look for a call whose answer got lost: found, or nobody knows and it is not placed again. */
function look({ fault: { kind } }: Cell): Expected {
	const found = (requests: number): Expected => ({ code: 'ok', status: null, requests, calls: 1 });
	const unknown = (sent: number): Expected => ({
		...{
			...n8n,
			code: 'OUTCOME_UNKNOWN',
			outcome: 'unknown',
			attempts: sent,
			requests: sent,
			calls: 1,
		},
	});
	switch (kind.is) {
		case 'late':
		case 'sound':
			return found(2);
		case 'busy':
			return found(3);
		case 'busy for long':
			return unknown(2);
		case 'unreachable':
			return { ...unknown(1 + LOOKS), requests: 1 };
		default:
			return unknown(1 + LOOKS);
	}
}

/** The download of a recording, after the look at its call. Trouble of its host is retried once here. */
function download({ fault: { name, kind } }: Cell): Expected {
	// A file that is not ready yet is asked for once, and four times in the minute after it.
	const notReady = 6;
	const failed = (status: number | null, sent: number): Expected => ({
		...{ code: 'DOWNLOAD_FAILED', status, source: 'n8n', attempts: sent, requests: sent, calls: 0 },
	});
	switch (kind.is) {
		case 'unreachable':
			return { ...failed(null, 3), requests: 1 };
		case 'lost':
			return failed(null, 3);
		case 'late':
		case 'sound':
			return { code: 'ok', status: null, requests: 2, calls: 0 };
		case 'busy':
			return { code: 'ok', status: null, requests: 3, calls: 0 };
		case 'busy for long':
			return failed(429, 3);
		case 'surprise':
			return failed(200, name === '200 with nothing' ? notReady : 2);
		case 'refusal':
		case 'proxy': {
			const status = 'under' in kind ? 200 : kind.status;
			// Its new address is checked before anything is sent there.
			if (status === 307) return failed(null, 2);
			if (status === 404) return failed(status, notReady);
			return failed(status, status >= 500 ? 3 : 2);
		}
	}
}

/** How often a trigger asks in trouble: once, and six times more. */
const QUESTIONS = 7;

/** The look of a trigger in the execution that an event has started. The delivery is answered before it. */
function verification(cell: Cell): Expected {
	const { kind } = cell.fault;
	const event = (code: string, requests: number | Range): Expected => ({
		...{ code, status: 200, requests, calls: 0 },
	});
	switch (kind.is) {
		case 'unreachable':
			return event('not checked', 0);
		case 'late':
		case 'sound':
			return event('confirmed', 1);
		case 'busy':
			return event('confirmed', 2);
		case 'busy for long':
			return event('not checked', [1, 3]);
		case 'lost':
			return event('not checked', QUESTIONS);
		case 'surprise':
			return event('not checked', 1);
		case 'refusal':
		case 'proxy': {
			const { status } = kind;
			if (status >= 500) return event('not checked', QUESTIONS);
			// Only Twenty2 says that there is no such call, and it may be behind for some seconds.
			const code = codeOf({ ...kind }, { ...cell, operation: 'get' });
			const isUnknown = kind.is === 'refusal' && [400, 404, 422].includes(status);
			if (isUnknown && !['BAD_REQUEST', 'NOT_FOUND', 'VALIDATION_ERROR'].includes(code))
				return event('contradicted', [3, 6]);
			return event('not checked', 1);
		}
	}
}

const byOperation: Record<OperationName, (cell: Cell) => Expected> = {
	create,
	night,
	get: read,
	list: read,
	wait,
	look,
	download,
	verification,
};

/** What has to come of a combination (design: what comes out, and which codes are retried). */
export function expectedOf(cell: Cell): Expected {
	return byOperation[cell.operation](cell);
}
