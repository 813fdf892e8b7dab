import { expect } from 'vitest';

import { seeded } from '../simulation/seeded';
import { inN8n } from './n8nWithNode';
import { cutOffAndRetry, TRANCHE } from './retry';

const it = inN8n();

it('kill -9, then "Retry execution", clicked twice at once, phones nobody twice and forgets nobody', async ({
	n8n,
}) => {
	const kill = async () => await n8n.crash();
	const retried = await cutOffAndRetry(n8n, seeded(1), { cutOffs: [kill], clicks: 2 });
	expect(retried).toMatchObject({ phonedTwice: [], forgotten: [] });
	expect(retried.neverPhonedInDoubt.length).toBeLessThanOrEqual(TRANCHE);
});

it('Stop, also of the retry, then "Retry execution", clicked twice at once, phones nobody twice and forgets nobody', async ({
	n8n,
}) => {
	const stop = async (_: unknown, id: string) => await n8n.stopExecution(id);
	const retried = await cutOffAndRetry(n8n, seeded(1), { cutOffs: [stop, stop], clicks: 2 });
	expect(retried).toMatchObject({ phonedTwice: [], forgotten: [] });
	expect(retried.neverPhonedInDoubt.length).toBeLessThanOrEqual(2 * TRANCHE);
});

it('With a deduplication key, kill -9 and then "Retry execution" phones everybody once but for those who had a line', async ({
	n8n,
}) => {
	const kill = async () => await n8n.crash();
	// A retry waits for a call that was being placed, as long as its request may take.
	const options = { deduplicationKey: '={{ $json.phone }}', requestTimeoutSeconds: 5 };
	const retried = await cutOffAndRetry(n8n, seeded(1), {
		cutOffs: [kill],
		parameters: { options },
	});
	expect(retried).toMatchObject({ phonedTwice: [], forgotten: [] });
	const lines = 3;
	expect(retried.neverPhonedInDoubt.length).toBeLessThanOrEqual(lines);
});
