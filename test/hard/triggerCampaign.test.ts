/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { createCampaign } from '../e2e/campaign';
import { printFigure } from '../e2e/figure';
import type { N8n } from '../e2e/n8n';
import { startN8nWithNode } from '../e2e/n8nWithNode';
import { credentialOn, triggered } from '../e2e/triggered';
import { leads } from '../e2e/workflow';

const PEOPLE = 150;
const LIMIT = 60;
/** From the first call to the last, when 60 go at the beginning of each minute. */
const POSSIBLE_SECONDS = 120;

let n8n: N8n;
beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(() => n8n?.stop());

it.each([
	['with a secret', { options: { secret: 's3cret' } }, '?secret=s3cret'],
	['without a secret', {}, ''],
])(
	'Each event of a campaign of 150 starts the workflow, %s',
	async (how, parameters, query) => {
		const sandbox = await startSandbox({
			...{ ringMs: 1_000, talkMs: 2_000 },
			...{ refuseConcurrent: false, requestsPerMinute: LIMIT },
		});
		const credential = await credentialOn(n8n, sandbox, LIMIT);
		const { send, started } = await triggered(n8n, { credential, parameters });
		const campaign = await createCampaign(n8n, credential);
		const memory = await n8n.memory();
		let mostMemory = memory;

		const from = performance.now();
		const running = campaign.run(leads(PEOPLE), 900);
		const answers: number[] = [];
		/** Twenty2 sends each event when its call has ended. */
		const told = Array.from({ length: PEOPLE }, async (_, n) => {
			while ((sandbox.seen.calls[n]?.endedAt ?? Infinity) > Date.now()) await delay(100);
			const { status } = await send(sandbox.eventOf(sandbox.seen.calls[n]?.call_id ?? ''), query);
			answers.push(status);
			mostMemory = Math.max(mostMemory, await n8n.memory());
		});
		expect((await running).status).toBe('success');
		const times = sandbox.seen.calls.map(({ placedAt }) => placedAt);
		const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
		await Promise.all(told);
		const outputs = (await started(PEOPLE, 400)).flat();
		const all = (performance.now() - from) / 1_000;

		const figure = (what: string, value: number, unit = '', limit?: number) =>
			printFigure({ what: `${how}: ${what}`, value, unit, limit });
		figure('events that started the workflow', outputs.length);
		figure('from the first call to the last', seconds, 's');
		figure('of what is possible', seconds / POSSIBLE_SECONDS, '', query === '' ? 2 : 1.05);
		figure('until the last event had started the workflow', all, 's', query === '' ? 330 : 135);
		figure('n8n grew by', mostMemory - memory, 'MB');
		expect(answers).toEqual(Array<number>(PEOPLE).fill(200));
		expect(new Set(outputs.map(({ call_id }) => call_id)).size).toBe(PEOPLE);
		expect(sandbox.seen.mostInAnyWindow).toBeLessThanOrEqual(LIMIT);
		await sandbox.close();
	},
	1_200_000,
);
