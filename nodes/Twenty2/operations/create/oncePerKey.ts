import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure } from '../../api/failure';
import type { Entry } from '../../policy/ledger';
import type { HeldKey } from '../../policy/usedKeys';
import type { Parameters } from '../fields/parameters';
import { certainlyNotPlaced, earlierOutcome } from './placeCall';

export const deduplicationKey: INodeProperties = {
	displayName: 'Deduplication Key',
	name: 'deduplicationKey',
	type: 'string',
	default: '',
	placeholder: 'e.g. november-{{ $json.email }}',
	description:
		'At most one call is placed for each key in this workflow, also by later executions and after a restart of n8n. An item whose key was used before says DUPLICATE_CALL.',
};

const key = z.pipe(
	z.union([z.string(), z.number()], 'must be text'),
	z.pipe(z.transform(String), z.string().check(z.trim())),
);

/** @returns undefined when the option is not used @throws Failure `INVALID_INPUT` */
export function keyOf(parameters: Parameters): string | undefined {
	return parameters.readOption(deduplicationKey, key) || undefined;
}

/** The deduplication keys that were used before in the workflow. */
export interface DeduplicationKeys {
	/**
	 * Records a key for the call that is about to be sent.
	 * @param own whether an earlier try of the same call has recorded it
	 * @returns undefined when it was used before
	 * @throws the signal's reason, or why n8n cannot record it
	 */
	claim(key: string, signal: AbortSignal, own: boolean): Promise<HeldKey | undefined>;
}

/**
 * Places a call only if its key was not used before. Without a key, it always places it.
 * @param entry of the call
 * @param place places the call and writes its outcome into the entry
 * @throws Failure `DUPLICATE_CALL` when the key was used, or what `place` rejects with
 */
export async function oncePerKey<T>(
	key: string | undefined,
	entry: Entry,
	{ keys, signal }: { keys: DeduplicationKeys; signal: AbortSignal },
	place: () => Promise<T>,
): Promise<T> {
	if (key === undefined) return await place();

	// An earlier try of the same call may have recorded the key. It must not stop the user's retry.
	const own = entry.key === key;
	const held = await keys.claim(key, signal, own).catch((reason: unknown) => {
		throw signal.aborted ? reason : unrecorded(reason).with(earlierOutcome([entry]));
	});
	if (!held) throw duplicate(key, entry);
	entry.key = key;
	return await place().finally(async () => {
		if (!certainlyNotPlaced(entry)) return await held.keep();
		// If n8n cannot forget the key, it stays used: no call is better than a second call.
		await held.release().then(
			() => delete entry.key,
			() => undefined,
		);
	});
}

function duplicate(key: string, entry: Entry): Failure {
	const message = `The Deduplication Key "${key}" was used before in this workflow`;
	return Failure.ofNode('DUPLICATE_CALL', message, {
		outcome: certainlyNotPlaced(entry) ? 'not_placed' : 'unknown',
		attempts: entry.attempts,
	});
}

function unrecorded(reason: unknown): Failure {
	const why = reason instanceof Error ? reason.message : String(reason);
	return Failure.ofInput(
		'INVALID_INPUT',
		`${deduplicationKey.displayName} could not be recorded by n8n, so the call was not placed: ${why}`,
		'If a Remove Duplicates node in this workflow has the scope Workflow, let it use the scope Node',
	);
}
