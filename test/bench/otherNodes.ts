/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { build } from 'esbuild';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installedN8n } from '../e2e/install';
import { startN8n, type N8n } from '../e2e/n8n';
import { packFolder } from '../e2e/pack';
import { createCall } from '../e2e/workflow';
import { Contender } from './contender';
import { startFastServer } from './fastServer';
import type { Bench, Figure } from './figure';
import { median } from './median';
import { project } from './project';
import { withoutLimits } from './withoutLimits';

const creates = 3_000;
const rounds = 5;
const mostOfBareHelper = 1.1;
const mostOfHttpRequest = 0.75;

const bareHelper = fileURLToPath(new URL('bareHelper.ts', import.meta.url));

/** n8n's own node in its default settings, with the body of Create Call. */
const httpRequest = (url: string, bearer: object) => ({
	name: 'HTTP Request',
	type: 'n8n-nodes-base.httpRequest',
	typeVersion: 4.5,
	position: [0, 0],
	parameters: {
		method: 'POST',
		url: `${url}/v1/calls`,
		authentication: 'genericCredentialType',
		genericAuthType: 'httpBearerAuth',
		sendBody: true,
		bodyParameters: {
			parameters: [
				{ name: 'assistant_id', value: 'asst_demo' },
				{ name: 'from_number', value: '+917971441943' },
				{ name: 'to_number', value: '={{ $json.phone }}' },
			],
		},
		options: {},
	},
	credentials: { httpBearerAuth: bearer },
});

async function compare(n8n: N8n, url: string): Promise<Figure[]> {
	const account = { apiKey: 'sandbox-key', baseUrl: url, ...withoutLimits };
	const twenty2 = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	const bearer = await n8n.createCredential('httpBearerAuth', 'Bearer', { token: 'sandbox-key' });

	const ours = await Contender.enter(n8n, createCall(twenty2));
	const bare = await Contender.enter(n8n, {
		...createCall(twenty2),
		name: 'Bare Helper',
		type: 'CUSTOM.bareHelper',
	});
	const http = await Contender.enter(n8n, httpRequest(url, bearer));

	const contenders = [ours, bare, http];
	for (let round = 0; round <= rounds; round++) {
		// Forwards and backwards, so that none always comes after the same other one.
		for (const contender of contenders) await contender.run(creates);
		contenders.reverse();
		// The first is for n8n to get warm.
		if (round === 0) for (const { times } of contenders) times.length = 0;
	}

	// Round by round: in one and the same minute the machine was equally busy for both.
	const against = (other: Contender) =>
		median(ours.times.map((ms, round) => ms / (other.times[round] ?? Number.NaN)));
	return [
		...[ours, bare, http].map(({ name, times }) => ({
			what: `${creates} creates: ${name}, median of ${rounds}`,
			value: median(times),
			unit: 'ms',
		})),
		{
			what: `${ours.name} ÷ ${bare.name}, median of ${rounds}`,
			value: against(bare),
			unit: '',
			limit: mostOfBareHelper,
		},
		{
			what: `${ours.name} ÷ ${http.name}, median of ${rounds}`,
			value: against(http),
			unit: '',
			limit: mostOfHttpRequest,
		},
	];
}

/** In a real n8n with the packed package; the bare node comes as one of n8n's custom extensions. */
export const otherNodes: Bench = {
	name: 'b',
	title: `${creates} creates without limits, against other nodes (5 minutes)`,
	async measure() {
		await installedN8n();
		const folder = await mkdtemp(join(tmpdir(), 'twenty2-bench-'));
		const server = await startFastServer();
		try {
			const extensions = join(folder, 'extensions');
			await build({
				entryPoints: { 'BareHelper.node': bareHelper },
				outdir: extensions,
				format: 'cjs',
			});
			const n8n = await startN8n({
				tarball: await packFolder(project, folder),
				env: { N8N_CUSTOM_EXTENSIONS: extensions },
			});
			try {
				return await compare(n8n, server.url);
			} finally {
				await n8n.stop();
			}
		} finally {
			server.stop();
			await rm(folder, { recursive: true, force: true });
		}
	},
};
