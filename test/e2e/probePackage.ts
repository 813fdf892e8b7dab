/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { packFolder } from './pack';

const packageJson = {
	name: 'n8n-nodes-probe',
	version: '0.1.0',
	license: 'MIT',
	keywords: ['n8n-community-node-package'],
	files: ['dist'],
	n8n: {
		n8nNodesApiVersion: 1,
		credentials: ['dist/ProbeApi.credentials.js'],
		nodes: ['dist/Probe.node.js'],
	},
};

const credential = `
exports.ProbeApi = class ProbeApi {
	name = 'probeApi';
	displayName = 'Probe API';
	properties = [
		{ displayName: 'API Key', name: 'apiKey', type: 'string', default: '' },
		{ displayName: 'Base URL', name: 'baseUrl', type: 'string', default: '' },
	];
	authenticate = {
		type: 'generic',
		properties: { headers: { authorization: '=Bearer {{$credentials.apiKey}}' } },
	};
	test = { request: { baseURL: '={{$credentials.baseUrl}}', url: '/whoami' } };
};
`;

/** Posts each item. Throws when the server refuses one. Counts its tries in the node context. */
const node = `
exports.Probe = class Probe {
	description = {
		displayName: 'Probe',
		name: 'probe',
		group: ['output'],
		version: 1,
		description: 'Posts each item',
		defaults: { name: 'Probe' },
		inputs: ['main'],
		outputs: ['main'],
		credentials: [{ name: 'probeApi', required: true }],
		properties: [{ displayName: 'Path', name: 'path', type: 'string', default: '' }],
	};

	async execute() {
		const context = this.getContext('node');
		context.tries = (context.tries ?? 0) + 1;
		const { tries } = context;
		const { $runIndex: runIndex } = this.getWorkflowDataProxy(0);
		const { baseUrl } = await this.getCredentials('probeApi');
		const out = [];
		for (const [item, { json }] of this.getInputData().entries()) {
			const answer = await this.helpers.httpRequestWithAuthentication.call(this, 'probeApi', {
				method: 'POST',
				url: baseUrl + this.getNodeParameter('path', item),
				body: json,
				json: true,
			});
			out.push({ json: { ...answer, tries, runIndex }, pairedItem: { item } });
		}
		return [out];
	}
};
`;

/** Packs a community package with one node and one credential. It tests the harness itself. */
export async function packProbe(destination: string): Promise<string> {
	const folder = join(destination, 'probe');
	await mkdir(join(folder, 'dist'), { recursive: true });
	await writeFile(join(folder, 'package.json'), JSON.stringify(packageJson));
	await writeFile(join(folder, 'dist', 'ProbeApi.credentials.js'), credential);
	await writeFile(join(folder, 'dist', 'Probe.node.js'), node);
	return await packFolder(folder, destination);
}
