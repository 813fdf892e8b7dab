import type { Kind } from './faults';
import type { Aftermath, StateCell, StateName } from './states';

type Range = [least: number, most: number];

/** What comes after a fault: in words, and as bounds of what was measured. */
export interface ExpectedAftermath {
	then: string;
	next?: Range;
	together?: Range;
	/** Of the whole run. Calls last 40 seconds, and there are three lines. */
	seconds: Range;
}

/** What the request that met the fault has told of the limits. */
export const lessons = ['an answer', 'no answer', 'too many', 'too many, for long'] as const;
export type Lesson = (typeof lessons)[number];

export const lessonOf = ({ is }: Kind): Lesson => {
	if (is === 'lost' || is === 'unreachable') return 'no answer';
	if (is === 'busy') return 'too many';
	return is === 'busy for long' ? 'too many, for long' : 'an answer';
};

const ALONE: Range = [1, 1];
const TOGETHER: Range = [2, 3];

/** An answer takes half a second, and none comes within five. */
const SOON: Range = [0, 2];
const AFTER_TIMEOUT: Range = [0, 7.2];

/** As long as 9 calls take on one line at first and on all three in the end. */
const ON_LINES: Range = [60, 200];

/** Nobody waits for what is refused for longer than that, and others go on after five minutes. */
const forLong: ExpectedAftermath = {
	then: 'Nothing for five minutes, then one request alone',
	next: [300, 302],
	seconds: [300, 700],
};

const expected: Record<StateName, Record<Lesson, ExpectedAftermath>> = {
	open: {
		'an answer': { then: 'The others go on', next: SOON, together: TOGETHER, seconds: [1, 6] },
		'no answer': { then: 'The others go on', next: SOON, together: TOGETHER, seconds: [1, 9] },
		'too many': { then: 'A pause, and one request alone', seconds: [2, 9] },
		'too many, for long': forLong,
	},
	verifying: {
		'an answer': {
			then: 'A stray refusal: all others go at once',
			next: SOON,
			together: TOGETHER,
			seconds: [2, 6],
		},
		'no answer': {
			then: 'Another request alone verifies the refusal',
			next: AFTER_TIMEOUT,
			together: ALONE,
			seconds: [2, 12],
		},
		'too many': {
			then: 'A look at a live call decides, and finds that lines are short',
			together: ALONE,
			seconds: ON_LINES,
		},
		'too many, for long': forLong,
	},
	shared: {
		'an answer': {
			then: 'Slow start: one probe, then two',
			next: [0.5, 4.5],
			together: ALONE,
			seconds: [60, 90],
		},
		'no answer': {
			then: 'The next probe a moment later',
			next: [0.4, 8],
			together: ALONE,
			seconds: [60, 90],
		},
		'too many': {
			then: 'The next probe after a longer gap',
			next: [18, 30],
			together: ALONE,
			seconds: [80, 110],
		},
		'too many, for long': forLong,
	},
	unclear: {
		'an answer': {
			then: 'Lines are short: creates go as calls end',
			together: ALONE,
			seconds: ON_LINES,
		},
		'no answer': { then: 'Another look', next: AFTER_TIMEOUT, together: ALONE, seconds: ON_LINES },
		'too many': {
			then: 'The window is short: creates go once it has room, and wait for no line',
			next: [1, 65],
			together: ALONE,
			seconds: [5, 90],
		},
		'too many, for long': forLong,
	},
	'lines, look': {
		'an answer': { then: 'The next look', next: [0.5, 8], together: ALONE, seconds: ON_LINES },
		'no answer': {
			then: 'Another look after a backoff',
			next: [2, 8],
			together: ALONE,
			seconds: ON_LINES,
		},
		'too many': { then: 'A longer pause', next: [5, 70], together: ALONE, seconds: [60, 260] },
		'too many, for long': { ...forLong, seconds: [300, 800] },
	},
	'lines, create': {
		'an answer': { then: 'The next create in its place', together: ALONE, seconds: ON_LINES },
		'no answer': {
			then: 'The next create in its place',
			next: AFTER_TIMEOUT,
			together: ALONE,
			seconds: ON_LINES,
		},
		'too many': {
			then: 'The next create later',
			next: [2, 30],
			together: ALONE,
			seconds: ON_LINES,
		},
		'too many, for long': { ...forLong, seconds: [300, 800] },
	},
};

export const expectedAfter = (state: StateName, lesson: Lesson) => expected[state][lesson];

/** The items that are carried out: all but one that is given up, or that got an answer for good. */
export function expectedDone({ state, fault: { kind } }: StateCell): Range {
	const all = 9;
	if (kind.is === 'busy for long') return [all - 2, all];
	// A look is no item.
	if (state === 'unclear' || state === 'lines, look') return [all, all];
	const isRetried =
		kind.is === 'unreachable' ||
		(kind.is === 'refusal' && [500, 503].includes(kind.status)) ||
		// A read is retried where a create is in doubt.
		(state === 'shared' &&
			(kind.is === 'lost' || ('status' in kind && [500, 503].includes(kind.status))));
	const isDone = isRetried || ['busy', 'late', 'sound'].includes(kind.is);
	return isDone ? [all, all] : [all - 1, all - 1];
}

/** What of an aftermath is not as expected. */
export function surprises(cell: StateCell, after: Aftermath): string[] {
	const { next, together, seconds } = expectedAfter(cell.state, lessonOf(cell.fault.kind));
	const bounds = { next, together, seconds, done: expectedDone(cell) };
	return (['next', 'together', 'seconds', 'done'] as const).flatMap((what) => {
		const [least, most] = bounds[what] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
		const value = after[what];
		return value >= least && value <= most ? [] : [`${what}: ${value}, not ${least} to ${most}`];
	});
}
