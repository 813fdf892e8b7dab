import pLimit from 'p-limit';

import { wait } from '../policy/wait';
import { sinceLastAnswer } from './respond';

/** Deliveries that come this soon after each other are a rush. */
const RUSH_MS = 50;

/** n8n is behind with its work when what is due comes so much later. */
const BEHIND_MS = 50;

/** How long to look whether it is. */
const LOOK_MS = 5;

/** The longest that an event is kept back. */
const PATIENCE_MS = 10_000;

const turns = pLimit(1);

/**
 * Keeps an event back while deliveries come in a rush or n8n is behind, one event after the other.
 * To look into an event and start an execution takes n8n several times as long as an answer: with a
 * hundred deliveries in a second, answers would come later than the 5 seconds that Twenty2 allows.
 */
export async function calm(): Promise<void> {
	const until = performance.now() + PATIENCE_MS;
	await turns(async () => {
		while ((await isBusy()) && performance.now() < until);
	});
}

async function isBusy(): Promise<boolean> {
	const due = performance.now() + LOOK_MS;
	// Each wait has a signal of its own: Node 20 keeps a record of every one that was ever derived.
	await wait(LOOK_MS, new AbortController().signal);
	return performance.now() - due > BEHIND_MS || sinceLastAnswer() < RUSH_MS;
}
