import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure, outcomeUnknown } from '../../api/failure';
import type { Entry } from '../../policy/ledger';
import type { HeldKey } from '../../policy/usedKeys';
import type { FieldReader } from '../fields/parameters';
import { certainlyNotPlaced, type SendRecord } from './placeCall';

export const deduplicationKey: INodeProperties = {
	displayName: 'Call Only Once per Key',
	name: 'deduplicationKey',
	type: 'string',
	default: '',
	placeholder: 'e.g. november-{{ $json.email }}',
	description:
		'At most one call is placed for each key in this workflow, also by later executions and after a restart of n8n. An item under whose key a call was placed before says DUPLICATE_CALL.',
};

const key = z.pipe(
	z.union([z.string(), z.number()], 'must be text'),
	z.pipe(z.transform(String), z.string().check(z.trim(), z.minLength(1, 'is empty'))),
);

/**
 * An option that was added but is empty is refused, because it would switch the protection off unnoticed.
 * @returns undefined when the option was not added
 * @throws Failure `INVALID_INPUT`
 */
export function keyOf(parameters: FieldReader): string | undefined {
	return parameters.readAddedOption(deduplicationKey, key);
}

/** The deduplication keys of the workflow. */
export interface DeduplicationKeys {
	/**
	 * Waits until no other call of this process holds a key.
	 * @throws the signal's reason, or an error where n8n cannot keep keys
	 */
	hold(key: string, signal: AbortSignal): Promise<HeldKey>;
}

/** How a call is placed under a key. */
export interface Placing<T> {
	/** Places the call and writes its outcome into the entry. */
	place: (record?: SendRecord) => Promise<T>;
	/**
	 * Looks for the call that an earlier run may have placed under the key. After that, `place` decides
	 * whether the call may be placed again.
	 */
	lookUp: () => Promise<void>;
}

/**
 * Places a call only if no call was placed under its key before. Without a key, it always places it.
 * @param entry of the call
 * @throws Failure `DUPLICATE_CALL` when a call was placed under the key, or what `place` rejects with:
 * `OUTCOME_UNKNOWN` when an earlier run was cut off while it placed one
 */
export async function oncePerKey<T>(
	key: string | undefined,
	entry: Entry,
	{ keys, signal }: { keys: DeduplicationKeys; signal: AbortSignal },
	{ place, lookUp }: Placing<T>,
): Promise<T> {
	if (key === undefined) return await place();

	const held = await keys.hold(key, signal).catch((reason: unknown) => {
		signal.throwIfAborted();
		throw unrecorded(reason);
	});
	const keyOfCall = new KeyOfCall(key, entry, held);
	try {
		return await place(keyOfCall).catch(async (error: unknown) => {
			if (!keyOfCall.leftInDoubt) throw error;
			await lookUp();
			return await place(keyOfCall);
		});
	} finally {
		await keyOfCall.settle();
		await held.release();
	}
}

/** The deduplication key of one call, recorded and settled together with its entry. */
export class KeyOfCall implements SendRecord {
	/** An earlier run was cut off while it placed a call under the key. */
	leftInDoubt = false;

	/** The key is recorded for a create of this call. */
	private recorded = false;

	constructor(
		private readonly key: string,
		private readonly entry: Entry,
		private readonly held: HeldKey,
	) {}

	/**
	 * Records that the create is about to be sent. To be called immediately before that.
	 * @throws Failure when the create must not be sent
	 */
	async recordSent(): Promise<void> {
		const { key, entry } = this;
		if (this.recorded) return;
		const before = await this.held.recordSent().catch((reason: unknown) => {
			throw unrecorded(reason);
		});
		if (before === 'placed') throw duplicate(key);
		// An earlier try of the same call may have recorded the key. The entry knows how that try ended.
		const isOwn = entry.key === key;
		entry.key = key;
		if (before === 'in doubt' && !isOwn) {
			const failure = inDoubt(key);
			entry.state = { is: 'unknown', why: failure.fields };
			this.leftInDoubt = true;
			throw failure;
		}
		this.recorded = true;
	}

	/** Writes down what the entry says of the create that was sent last. */
	async settle(): Promise<void> {
		const { entry, held } = this;
		if (!this.recorded) return;
		// Where n8n cannot record the outcome, the key stays in doubt: no call is better than a second call.
		if (entry.state.is === 'placed') await held.recordPlaced().catch(() => undefined);
		if (!certainlyNotPlaced(entry)) return;
		await held.forget().then(
			() => {
				this.recorded = false;
				delete entry.key;
			},
			() => undefined,
		);
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

function unrecorded(reason: unknown): Failure {
	const why = reason instanceof Error ? reason.message : String(reason);
	return Failure.ofInput(
		'INVALID_INPUT',
		`The key of ${deduplicationKey.displayName} could not be recorded by n8n, so the call was not placed: ${why}`,
		'If a Remove Duplicates node in this workflow has the scope Workflow, let it use the scope Node',
	);
}
