/* eslint-disable @n8n/community-nodes/require-node-api-error -- never part of the package */
import { TooManyRequests } from '../twenty2';
import { pass } from '../virtualTime';
import type { Client } from './client';

const BASE_MS = 1_000;
const CAP_MS = 30_000;

/**
 * Exponential backoff with full jitter: before each retry a random time from 0 to
 * min(cap, base × 2^attempt). It never gives up.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export const fullJitter: Client = (twenty2) => async (stopped) => {
	for (let attempt = 0; ; attempt++) {
		stopped.throwIfAborted();
		try {
			await twenty2.create();
			return;
		} catch (rejection) {
			if (!(rejection instanceof TooManyRequests)) throw rejection;
		}
		await pass(Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt));
	}
};
