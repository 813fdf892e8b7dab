import type { IWebhookFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { CallEvent } from './event';
import { perNode } from './perNode';
import { Repeats, type Claim } from './seenEvents';

/** How many events a node remembers when n8n is restarted. Loaded with every delivery, so fewer. */
const STORED = 1_000;

const repeatsOf = perNode(() => new Repeats());

const stored = z.object({ eventIds: z.catch(z.array(z.string()), []) });

/**
 * Claims an event for the node that n8n runs. The process remembers what was claimed, because n8n
 * reads the node's static data before a delivery and writes it after, so that deliveries at the
 * same time would lose each other's.
 * @returns undefined when the event came before
 */
export function claim(n8n: IWebhookFunctions, { eventId }: CallEvent): Claim | undefined {
	// Who listens for a test event sends the same one as often as it takes.
	if (n8n.getMode() === 'manual') return new Repeats().claim(eventId);

	const memory = n8n.getWorkflowStaticData('node');
	const repeats = repeatsOf(n8n);
	repeats.recall(stored.parse(memory).eventIds);

	const claimed = repeats.claim(eventId);
	return (
		claimed && {
			...claimed,
			keep() {
				claimed.keep();
				memory.eventIds = repeats.latest(STORED);
			},
		}
	);
}
