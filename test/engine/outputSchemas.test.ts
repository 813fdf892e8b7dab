import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { outputSchemas as ofOperations } from '../../nodes/Twenty2/operations/outputSchemas';
import { outputSchemas as ofTrigger } from '../../nodes/Twenty2/trigger/outputSchemas';
import { startSandbox, type Sandbox } from '../../sandbox';
import { placeEnded } from './endedCall';
import { startTrigger } from './startTrigger';
import { createCallNode, engineFor, getCallNode, leads } from './twenty2';

const outputSchemas = { ...ofOperations, ...ofTrigger };

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, ringMs: 0, talkMs: 0 });
});
afterEach(() => sandbox.close());

/** Checks that a schema has all fields that are in the items, with their types, and no other field. */
function expectToDescribe(file: string, items: Array<{ json: IDataObject }>): void {
	const names = new Set(items.flatMap(({ json }) => Object.keys(json)));
	// Null stands for what Twenty2 does not know yet.
	const typesOf = (name: string) =>
		items.flatMap(({ json }) => (json[name] == null ? [] : [typeof json[name]]));
	const found = [...names].map((name) => [name, [...new Set(typesOf(name))]]);
	const properties = Object.entries(outputSchemas[file]?.properties ?? {});
	const described = properties.map(([name, { type }]) => [name, [type]]);
	expect(Object.fromEntries(found)).toEqual(Object.fromEntries(described));
}

describe.each(['apiKey', 'workspace'])('In the generation %s', (authentication) => {
	const run = async (parameters: IDataObject) => {
		const node = createCallNode({ authentication, ...parameters });
		return (await engineFor(sandbox).run({ items: leads(2), node })).success;
	};

	it('the schema of Create Call has the fields of calls, waited for or not', async () => {
		const placed = await run({});
		const ended = await run({ waitForCompletion: true, options: { pollIntervalSeconds: 1 } });
		expectToDescribe('call/createCall.json', [...placed, ...ended]);
	});

	it('the schema of Get Call has the fields of calls, ended or not', async () => {
		await placeEnded(sandbox, { authentication });
		await placeEnded(sandbox, { authentication, n: 1, failed: true });
		const items = sandbox.seen.calls.map(({ call_id }) => ({ call_id }));
		const node = getCallNode({ authentication });
		const { success } = await engineFor(sandbox).run({ items, node });
		expectToDescribe('call/getCall.json', success);
	});

	it.each([true, false])(
		'the schema of the trigger has the fields of its items, with Verify %s',
		async (verify) => {
			const parameters = { authentication, options: { verify } };
			const trigger = await startTrigger({ baseUrl: sandbox.url, parameters });
			await trigger.send(await placeEnded(sandbox, { authentication }));
			await trigger.send(await placeEnded(sandbox, { authentication, n: 1, failed: true }));
			await trigger.quiet();
			trigger.close();
			const items = trigger.executions.flatMap((execution) => execution.items);
			expectToDescribe('output.json', items);
		},
	);
});

it('the schema of Get Many Calls has the fields of listed calls', async () => {
	await placeEnded(sandbox, { authentication: 'workspace' });
	await placeEnded(sandbox, { authentication: 'workspace', n: 1, failed: true });
	const node = createCallNode({ authentication: 'workspace', operation: 'getManyCalls' });
	const { success } = await engineFor(sandbox).run({ items: [{}], node });
	expectToDescribe('call/getManyCalls.json', success);
});
