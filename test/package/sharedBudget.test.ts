/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createRequire } from 'node:module';
import type { ICredentialTestFunctions } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { core } from '../engine/n8nCore';

const requireHere = createRequire(import.meta.url);
const { Twenty2 }: typeof import('../../nodes/Twenty2/Twenty2.node') = requireHere(
	'../../dist/nodes/Twenty2/Twenty2.node.js',
);
const { Twenty2Trigger }: typeof import('../../nodes/Twenty2/Twenty2Trigger.node') = requireHere(
	'../../dist/nodes/Twenty2/Twenty2Trigger.node.js',
);

it('The nodes as they are published share the limit of a key', async () => {
	const sandbox = await startSandbox();
	const n8n: ICredentialTestFunctions = new core.CredentialTestContext();
	const credential = {
		id: '1',
		name: 'Twenty2',
		type: 'twenty2Api',
		data: {
			apiKey: 'sandbox-key',
			baseUrl: sandbox.url,
			requestsPerMinute: 1,
			concurrentCalls: 1,
		},
	};
	const [byNode, byTrigger] = [new Twenty2(), new Twenty2Trigger()].map(
		({ methods }) => methods.credentialTest.testApiKey,
	);

	expect(await byNode?.call(n8n, credential)).toMatchObject({ status: 'OK' });
	expect(await byTrigger?.call(n8n, credential)).toEqual({
		status: 'Error',
		message: expect.stringContaining('use up the limit of this key'),
	});
	expect(sandbox.seen.requests).toHaveLength(1);
	await sandbox.close();
});
