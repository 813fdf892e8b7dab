import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure, outcomeUnknown } from '../../api/failure';
import { sleep } from '../../policy/abortable';
import { certainlyNotPlaced, type Entry } from '../../policy/ledger';
import type { RunMarks } from '../../policy/runMarks';
import type { UsedKeys } from '../../policy/usedKeys';
import type { FieldReader } from '../fields/parameters';
import type { CallRecord, HeldBack } from './placeCall';

export const deduplicationKey: INodeProperties = {
	displayName: 'Call Only Once per Key',
	name: 'deduplicationKey',
	type: 'string',
	default: '',
	placeholder: 'e.g. november-{{ $json.email }}',
	description:
		'At most one call is placed for each key in this workflow, ever. Later items with the key say DUPLICATE_CALL.',
};

const key = z.pipe(
	z.union([z.string(), z.number()], 'must be text'),
	z.pipe(z.transform(String), z.string().check(z.trim(), z.minLength(1, 'is empty'))),
);

/**
 * An option that was added but is empty is refused, because it would switch the protection off unnoticed.
 * @returns undefined when the option was not added, or a model gives no key: one number is phoned once by a tool anyway
 * @throws Failure `INVALID_INPUT`
 */
export function keyOf(parameters: FieldReader): string | undefined {
	const given = parameters.readAddedOption(deduplicationKey, key);
	// A model says so, in the words of Python, that it gives no key.
	return given === 'None' && parameters.isForModel ? undefined : given;
}

/** How a call is placed. */
export interface Placing<T> {
	/** Places the call and writes its outcome into the entry, or says why it was not sent. */
	place: () => Promise<T | HeldBack>;
	/**
	 * Looks for the call that another try or execution may have placed. After that, `place` decides whether
	 * the call may be placed again.
	 */
	lookUp: () => Promise<void>;
}

/**
 * Places a call only if no other try or execution has placed it.
 * @param signal ends the wait for another execution
 * @throws what `place` rejects with: `DUPLICATE_CALL` when a call was placed under the key, `OUTCOME_UNKNOWN`
 * when one may have been placed; the signal's reason
 */
export async function atMostOnce<T extends object>(
	record: CallRecord,
	signal: AbortSignal,
	{ place, lookUp }: Placing<T>,
): Promise<T> {
	try {
		for (;;) {
			const placed = await place();
			if (typeof placed === 'object') return placed;
			await (placed === 'in doubt' ? lookUp() : record.wait(signal));
		}
	} finally {
		await record.close();
	}
}

/** The tranche of a call without a key, marked before the first create of the tranche is sent. */
export class TrancheOfCall implements CallRecord {
	private wasInDoubt = false;

	constructor(
		private readonly tranche: string,
		private readonly entry: Entry,
		private readonly marks: Pick<RunMarks, 'claim' | 'isOthers'>,
	) {}

	known(): HeldBack | undefined {
		return this.marks.isOthers(this.tranche) ? this.doubt() : undefined;
	}

	async claim(): Promise<HeldBack | undefined> {
		const isOwn = await this.marks.claim(this.tranche).catch((reason: unknown) => {
			throw unrecorded('That the person is phoned', reason);
		});
		return isOwn ? undefined : this.doubt();
	}

	async settle(): Promise<void> {}

	async wait(): Promise<void> {}

	async close(): Promise<void> {}

	/** Leaves the call in doubt, once: it is placed after that only where the user has asked for it. */
	private doubt(): HeldBack | undefined {
		if (this.wasInDoubt) return undefined;
		this.wasInDoubt = true;
		const failure = outcomeUnknown(
			'An earlier try of this execution may have phoned this person, and n8n has kept no answer of it',
			null,
		);
		this.entry.state = { is: 'unknown', why: failure.fields };
		return 'in doubt';
	}
}

/** From one look at a key that another execution is placing to the next. It doubles up to the longest. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** The deduplication key of one call, recorded and settled together with its entry. */
export class KeyOfCall implements CallRecord {
	known(): undefined {}

	/** The key is recorded for a create of this call. */
	private recorded = false;

	/** @param patienceMs how long to wait for what another execution is placing, in milliseconds */
	constructor(
		private readonly key: string,
		private readonly entry: Entry,
		private readonly keys: UsedKeys,
		private readonly patienceMs: number,
	) {}

	async claim(): Promise<HeldBack | undefined> {
		const { key, entry, keys } = this;
		if (this.recorded) return undefined;
		// An earlier try of the same call may have recorded the key. The entry knows how that try ended.
		const before = await keys.claim(key, entry.key === key).catch((reason: unknown) => {
			throw unrecorded(`The key of ${deduplicationKey.displayName}`, reason);
		});
		if (before === 'placed') throw duplicate(key);
		if (before === 'being placed') return before;
		entry.key = key;
		this.recorded = before === 'unused';
		if (this.recorded) return undefined;
		entry.state = { is: 'unknown', why: inDoubt(key).fields };
		return 'in doubt';
	}

	async wait(signal: AbortSignal): Promise<void> {
		const { key, keys, patienceMs } = this;
		const until = performance.now() + patienceMs;
		for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
			if (performance.now() >= until) return void (await keys.leaveInDoubt(key));
			await sleep(pauseMs, signal);
			const state = await keys.stateOf(key);
			if (state === 'placed') throw duplicate(key);
			if (state !== 'being placed') return;
		}
	}

	async settle(): Promise<void> {
		const { key, entry, keys } = this;
		if (!this.recorded || !certainlyNotPlaced(entry)) return;
		// Where n8n cannot forget the key, it stays in doubt: no call is better than a second call.
		await keys.release(key).then(
			() => {
				this.recorded = false;
				delete entry.key;
			},
			() => undefined,
		);
	}

	async close(): Promise<void> {
		await this.settle();
		if (!this.recorded) return;
		const { key, entry, keys } = this;
		const isPlaced = entry.state.is === 'placed';
		await (isPlaced ? keys.placed(key) : keys.leaveInDoubt(key)).catch(() => undefined);
	}
}

/** @returns what may be shown of a key, which often is an e-mail address or a number */
function masked(key: string): string {
	return `${[...key].slice(0, 2).join('')}…`;
}

function duplicate(key: string): Failure {
	const message = `The key "${masked(key)}" was used before in this workflow`;
	return Failure.ofNode('DUPLICATE_CALL', message);
}

function inDoubt(key: string): Failure {
	return outcomeUnknown(
		`An earlier run may have placed a call under the key "${masked(key)}", and it is not known whether it did`,
		null,
	);
}

function unrecorded(what: string, reason: unknown): Failure {
	const why = reason instanceof Error ? reason.message : String(reason);
	return Failure.ofInput(
		'INVALID_INPUT',
		`${what} could not be recorded by n8n, so the call was not placed: ${why}`,
		'If a Remove Duplicates node in this workflow has the scope Workflow, let it use the scope Node',
	);
}
