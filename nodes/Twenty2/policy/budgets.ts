import { createHmac, randomBytes } from 'crypto';

import { Budget, type Limits } from './budget';

/** Of this process only, so that a digest found elsewhere tells nothing about the key. */
let salt: Buffer | undefined;

const budgets = new Map<string, Budget>();

/**
 * The budget of a key at an address: always the same one in this process, with the limits it was
 * last asked for. Budgets with nothing left to remember are dropped on the way. The key itself is
 * not kept, only a digest of it.
 */
export function budgetOf(key: string, baseUrl: string, limits: Limits): Budget {
	// Not before it is needed: the first random bytes of a process take a while.
	salt ??= randomBytes(32);
	const digest = createHmac('sha256', salt).update(`${baseUrl}\n${key}`).digest('hex');
	for (const [known, budget] of budgets) {
		if (known !== digest && budget.idle) budgets.delete(known);
	}
	const budget = budgets.get(digest) ?? new Budget(limits);
	budget.allow(limits);
	budgets.set(digest, budget);
	return budget;
}
