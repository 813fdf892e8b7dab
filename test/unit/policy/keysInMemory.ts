/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
// A process that uses ten keys, five of them through a budget. It prints the first letters of those that its memory
// holds afterwards. A process of its own has a small memory, so it is searched in seconds.
import { text } from 'node:stream/consumers';
import { getHeapSnapshot } from 'node:v8';

import { budgetOf } from '../../../nodes/Twenty2/policy/budgets';

/** A key of which the memory holds no copy but those of whoever keeps it. */
const use = (keep: (key: string) => unknown, first: string) =>
	keep(Array.from({ length: 20 }, (_, n) => `${first}${n}`).join('-'));

const limits = { requestsPerMinute: 60, concurrentCalls: 3 };

async function main(): Promise<void> {
	const kept: string[] = [];
	const budgets = [...'abcde'].map((first) =>
		use((key) => budgetOf(key, 'https://api.twentytwo.in', limits), first),
	);
	for (const first of 'fghij') use((key) => kept.push(`${key}\n`), first);
	globalThis.gc?.();
	const memory = await text(getHeapSnapshot());
	const found = [...'abcdefghij'].filter((each) =>
		memory.includes(`${each}17-${each}18-${each}19`),
	);
	// What is used here is not dropped before.
	if (budgets.length + kept.length === 10) console.log(found.join(''));
}

void main();
