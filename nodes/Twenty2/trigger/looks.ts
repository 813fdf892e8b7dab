import type { LimitFunction } from 'p-limit';

import type { Access, Pass } from '../policy/budget';
import { wait } from '../policy/wait';

/** What speaks against an event. */
export interface Objection {
	because: string;
	/** Twenty2 may come to agree: it can send an event before its own reads know of the end. */
	mayPass: boolean;
}

/** How long to wait before the second look and those after it. */
const PAUSES_MS = [2_000, 5_000, 15_000];

/**
 * Looks at a call until Twenty2 agrees with an event, contradicts it, or has had time enough.
 *
 * The first look at an event goes before all later looks: these go one at a time for each node, and
 * through the pass that leaves room for others, so that invented events keep no true one waiting.
 * @param line of the node
 * @returns what speaks against the event in the end
 */
export async function objectionAfter(
	look: (pass: Pass) => Promise<Objection | undefined>,
	{ reads, polls }: Pick<Access, 'reads' | 'polls'>,
	line: LimitFunction,
): Promise<Objection | undefined> {
	let objection = await look(reads);
	for (const pauseMs of PAUSES_MS) {
		if (!objection?.mayPass) break;
		await wait(pauseMs, new AbortController().signal);
		objection = await line(async () => await look(polls));
	}
	return objection;
}
