/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox } from '../../sandbox';
import { median } from '../bench/median';
import { createCampaign } from '../e2e/campaign';
import { hasEnded } from '../e2e/execution';
import { printFigure } from '../e2e/figure';
import type { N8n } from '../e2e/n8n';
import { startN8nWithNode } from '../e2e/n8nWithNode';
import { eventually } from '../e2e/rest';
import { credentialOn, ended, invented, triggered } from '../e2e/triggered';
import { phone } from '../e2e/workflow';
import { seeded } from '../simulation/seeded';

const seconds = Number(process.env.SOAK_SECONDS ?? 300);

const whatIsLeft = fileURLToPath(new URL('whatIsLeft.cjs', import.meta.url));

const left = z.object({
	/** In bytes. */
	heap: z.number(),
	timers: z.number(),
	listeners: z.number(),
	budgets: z.number(),
});

let sandbox: Sandbox;
let n8n: N8n;

beforeAll(async () => {
	sandbox = await startSandbox({
		...{ ringMs: 0, talkMs: 0, refuseConcurrent: false, requestsPerMinute: 100_000 },
		networkDelay: () => 10,
	});
	n8n = await startN8nWithNode({
		env: {
			NODE_OPTIONS: `--require ${whatIsLeft}`,
			EXECUTIONS_DATA_SAVE_ON_SUCCESS: 'none',
			EXECUTIONS_DATA_SAVE_ON_ERROR: 'none',
			EXECUTIONS_DATA_SAVE_MANUAL_EXECUTIONS: 'false',
		},
	});
});
afterAll(async () => {
	await n8n?.stop();
	await sandbox?.close();
});

/** What is left in the process of n8n after its garbage was collected. */
async function leftInN8n(): Promise<z.infer<typeof left>> {
	const reports = () => [...n8n.log.matchAll(/^What is left: (.*)$/gm)];
	const before = reports().length;
	process.kill(z.number().parse(n8n.pid), 'SIGUSR2');
	return await eventually('What is left', 60, async () => {
		const [, report] = reports()[before] ?? [];
		return report === undefined ? undefined : left.parse(JSON.parse(report));
	});
}

it(`${seconds} seconds of mixed traffic leave nothing behind`, async () => {
	const random = seeded(1);
	const pick = <T>(...of: T[]): T | undefined => of[Math.floor(random() * of.length)];
	// Lost answers hold lines for a while. With few lines the executions would pile up.
	const good = await n8n.createCredential('twenty2Api', 'Twenty2', {
		...{ apiKey: 'sandbox-key', baseUrl: sandbox.url },
		...{ requestsPerMinute: 3_000, concurrentCalls: 40 },
	});
	const wrong = await credentialOn(n8n, sandbox, 60, 'wrong-key');
	const goOn = { onError: 'continueErrorOutput' } as const;
	const once = { options: { deduplicationKey: '={{ $json.phone }}' } };
	const campaigns = {
		once: await createCampaign(n8n, good, once, goOn),
		stopping: await createCampaign(n8n, good),
		waited: await createCampaign(n8n, good, { waitForCompletion: true }, goOn),
		wrongKey: await createCampaign(n8n, wrong, {}, goOn),
		looks: await createCampaign(
			n8n,
			good,
			{ operation: 'getCall', callId: '={{ $json.call_id }}' },
			goOn,
		),
		lists: await createCampaign(n8n, good, { operation: 'getManyCalls' }, goOn),
	};
	const { send } = await triggered(n8n, { credential: good });

	let people = 0;
	const newLeads = () =>
		Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
			const lead = { name: 'Lead', phone: phone(people++) };
			// No 429: the node would take two of them for other programs, and the executions would pile up.
			const trouble = pick('500 once', 'refused', 'cut', undefined, undefined, undefined);
			sandbox.behave(lead.phone, trouble ?? { kind: 'slow', ms: 20 });
			return lead;
		});
	/** Starts an execution, or delivers an event. */
	const act = async () => {
		const what = pick('once', 'stopping', 'waited', 'wrongKey', 'looks', 'event', 'stop', 'lists');
		if (what === 'event') {
			const event = await ended(sandbox, people++);
			await send(random() < 0.3 ? invented(event) : event);
		} else if (what === 'stop') {
			await campaigns.waited.start(newLeads());
			const [newest] = await n8n.executions(campaigns.waited.id, 1);
			if (newest && !hasEnded(newest)) await n8n.stopExecution(newest.id).catch(() => undefined);
		} else if (what === 'looks') {
			const calls = sandbox.seen.calls.slice(-3);
			await campaigns.looks.start(calls.map(({ call_id }) => ({ name: '', phone: '', call_id })));
		} else if (what) await campaigns[what].start(newLeads());
	};

	const traffic = async (until: number) => {
		while (performance.now() < until) {
			await act();
			await delay(200);
		}
	};
	/** What runs still holds memory, more of it on a busy machine. */
	const allEnded = async () =>
		await eventually('All executions ending', 120, async () => {
			const lists = Object.values(campaigns).map(async ({ id }) => await n8n.executions(id, 100));
			return (await Promise.all(lists)).flat().every(hasEnded) || undefined;
		});
	const heaps: number[] = [];
	let mostBudgets = 0;
	const before = await leftInN8n();
	const samples = 9;
	for (let sample = 0; sample < samples; sample++) {
		await Promise.all([1, 2].map(() => traffic(performance.now() + (seconds * 1_000) / samples)));
		await allEnded();
		const { heap, budgets } = await leftInN8n();
		heaps.push(heap / 1e6);
		mostBudgets = Math.max(mostBudgets, budgets);
	}
	// A window lasts a minute.
	await delay(65_000);
	await campaigns.wrongKey.start(newLeads());
	await delay(5_000);
	const after = await leftInN8n();

	const third = samples / 3;
	const growth = median(heaps.slice(-third)) / median(heaps.slice(third, 2 * third));
	console.log(`Heap in MB: ${heaps.map((heap) => heap.toFixed(0)).join(' ')}`);
	console.log(`Before: ${JSON.stringify(before)}, after: ${JSON.stringify(after)}`);
	printFigure({ what: 'Requests', value: sandbox.seen.requests.length, unit: '' });
	printFigure({ what: 'The heap of the last third', value: growth, unit: '', limit: 1.05 });
	expect(sandbox.seen.requests.length).toBeGreaterThan(seconds);
	expect(mostBudgets).toBe(2);
	// One a key: the trigger still holds the one that it asked for last.
	expect(after.budgets).toBeLessThanOrEqual(2);
	expect(after.timers).toBeLessThanOrEqual(before.timers + 5);
	expect(after.listeners).toBeLessThanOrEqual(before.listeners + 5);
}, 1_800_000);
