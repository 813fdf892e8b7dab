import pLimit from 'p-limit';

import { wait } from '../policy/wait';
import { sinceLastAnswer } from './answer';

/** Deliveries that come this soon after each other are a rush. */
const RUSH_MS = 50;

/** n8n is behind with its work when what is due comes so much later. */
const BEHIND_MS = 50;

/** How long to look whether it is. */
const LOOK_MS = 5;

/** The longest that a rush keeps an event back. */
const PATIENCE_MS = 10_000;

const turns = pLimit(1);

const unstoppable = new AbortController().signal;

/**
 * Lets events start the workflow one after the other, and not in the middle of a rush: starting an
 * execution keeps n8n busy several times as long as answering a delivery, and a hundred deliveries
 * in a second would have to wait for that longer than the 5 seconds in which Twenty2 wants a 200.
 */
export async function turnToStart(): Promise<void> {
	const until = performance.now() + PATIENCE_MS;
	await turns(async () => {
		while ((await isBusy()) && performance.now() < until);
	});
}

async function isBusy(): Promise<boolean> {
	const due = performance.now() + LOOK_MS;
	await wait(LOOK_MS, unstoppable);
	return performance.now() - due > BEHIND_MS || sinceLastAnswer() < RUSH_MS;
}
