import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { adviceFor } from '../../api/advice';
import { Failure } from '../../api/failure';
import type { Entry } from '../../policy/ledger';
import type { Run } from '../operation';
import type { Parameters } from '../fields/parameters';
import { certainlyNotPlaced, rang } from './placeCall';

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

/**
 * Places a call if its key was not used before; without a key, always.
 * @param entry of the call
 * @param place what places it, and writes into the entry what became of it
 * @throws Failure `DUPLICATE_CALL` when it was used, or what `place` rejects with
 */
export async function oncePerKey<T>(
	key: string | undefined,
	entry: Entry,
	{ keys, signal }: Pick<Run, 'keys' | 'signal'>,
	place: () => Promise<T>,
): Promise<T> {
	if (key === undefined) return await place();

	// An earlier try in doubt, or whose key n8n could not forget, must not keep the user's retry from it.
	const own = entry.key === key;
	const held = await keys.claim(key, signal, own).catch((reason: unknown) => {
		throw signal.aborted ? reason : unrecorded(reason).with(rang([entry]));
	});
	if (!held) throw duplicate(key, entry);
	entry.key = key;
	return await place().finally(async () => {
		if (!certainlyNotPlaced(entry)) return await held.keep();
		// Where n8n cannot forget it, the key stays used: rather no call than a second one.
		await held.release().then(
			() => delete entry.key,
			() => undefined,
		);
	});
}

function duplicate(key: string, entry: Entry): Failure {
	return new Failure({
		code: 'DUPLICATE_CALL',
		message: `The Deduplication Key "${key}" was used before in this workflow`,
		description: adviceFor('DUPLICATE_CALL'),
		status: null,
		source: 'n8n',
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
