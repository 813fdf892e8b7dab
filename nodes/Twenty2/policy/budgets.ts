import { createHmac, randomBytes } from 'crypto';

import { Budget } from './budget';
import type { Limits } from './keyLimits';

/** Of this process only, so a digest found elsewhere tells nothing about the key. */
let salt: Buffer | undefined;

/** By digest. A budget that is idle is only held as long as somebody else holds it: an access that may use it. */
const budgets = new Map<string, Budget | WeakRef<Budget>>();

const held = (budget: Budget | WeakRef<Budget> | undefined) =>
	budget instanceof WeakRef ? budget.deref() : budget;

/**
 * The budget of a key at an address: always the same one in this process. Only a digest of the key is kept.
 * @param limits what the credential says of them now
 * @param credential n8n's ID of the credential
 */
export function budgetOf(key: string, baseUrl: string, limits: Limits, credential = ''): Budget {
	const budget = knownBudget(key, baseUrl, limits);
	budget.state(credential, limits);
	return budget;
}

/**
 * The same for limits that are only tried out: they change nothing for the runs that use the key.
 * @param limits count while no run uses the key
 */
export function budgetToTest(key: string, baseUrl: string, limits: Limits): Budget {
	const budget = knownBudget(key, baseUrl, limits);
	if (!budget.inUse) budget.allow(limits);
	return budget;
}

function knownBudget(key: string, baseUrl: string, limits: Limits): Budget {
	// Not before it is needed: the first random bytes of a process take a while.
	salt ??= randomBytes(32);
	const digest = createHmac('sha256', salt).update(`${baseUrl}\n${key}`).digest('hex');
	for (const [known, each] of budgets) {
		const other = held(each);
		if (!other) budgets.delete(known);
		else if (known !== digest) budgets.set(known, other.idle ? new WeakRef(other) : other);
	}
	const budget = held(budgets.get(digest)) ?? new Budget(limits);
	budgets.set(digest, budget);
	return budget;
}
