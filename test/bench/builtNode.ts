/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';
import { createRequire } from 'node:module';

import { leads } from '../e2e/workflow';
import { createEngine, type Run } from '../engine/engine';
import { withoutLimits } from './withoutLimits';

const requireHere = createRequire(import.meta.url);
const node: typeof import('../../nodes/Twenty2/Twenty2.node') = requireHere(
	'../../dist/nodes/Twenty2/Twenty2.node.js',
);
const credential: typeof import('../../credentials/Twenty2Api.credentials') = requireHere(
	'../../dist/credentials/Twenty2Api.credentials.js',
);

const type = 'n8n-nodes-twenty2.twenty2';

const createCall = {
	type,
	name: 'Twenty2',
	credentials: 'twenty2Api',
	parameters: {
		authentication: 'apiKey',
		operation: 'createCall',
		assistantId: 'asst_demo',
		fromNumber: '+917971441943',
		toNumber: '={{ $json.phone }}',
	},
};

/**
 * Calls a number of people with the node as it is published, in n8n's engine.
 * @throws Error unless every call is placed
 */
export async function callPeople(
	count: number,
	baseUrl: string,
	limits: ICredentialDataDecryptedObject,
): Promise<Run> {
	const engine = createEngine({
		nodeTypes: { [type]: new node.Twenty2() },
		credentialTypes: [new credential.Twenty2Api()],
		credentials: { twenty2Api: { apiKey: 'sandbox-key', baseUrl, ...limits } },
	});
	const items = leads(count).map(({ name, phone }) => ({ name, phone }));
	const run = await engine.run({ items, node: createCall });
	const placed = run.success.filter(({ json }) => typeof json.call_id === 'string');
	if (placed.length !== count) throw new Error(`${placed.length} of ${count} calls were placed`);
	return run;
}

/** Runs the code often enough for V8 to have compiled it for speed. */
export async function getWarm(baseUrl: string): Promise<void> {
	await callPeople(5_000, baseUrl, withoutLimits);
}
