import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { startSandbox, type Sandbox } from '../../sandbox';
import { createEngine } from './engine';
import { StoredCredentials } from './storedCredentials';
import { createCallNode, getCallNode, leads, phone, twenty2Type } from './twenty2';
import { runUntilDone, untilDone, useVirtualTime } from './virtualTime';

const continues = { onError: 'continueRegularOutput' } as const;

const keys = ['key-a', 'key-b', 'key-c'];

/** The leads of several customers in turn, each with the key of its customer. */
const leadsOf = (customers: string[], count: number): IDataObject[] =>
	leads(count).map((lead, n) => ({ ...lead, key: customers[n % customers.length] }));

describe.each(['apiKey', 'workspace'])('A credential with expressions (%s)', (authentication) => {
	useVirtualTime();
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({
			requestsPerMinute: 1_000,
			refuseConcurrent: false,
			clock: () => performance.now(),
			apiKeys: keys.map((key) => ({ key, access: true })),
			workspaceKeys: keys.map((key) => ({
				workspaceId: `ws-${key}`,
				key,
				secret: 'sandbox-secret',
				access: true,
			})),
		});
	});
	afterEach(() => sandbox.close());

	const engineWith = (changes: IDataObject = {}) => {
		const fields = {
			apiKey: '={{ $json.key }}',
			baseUrl: sandbox.url,
			requestsPerMinute: 1_000,
			concurrentCalls: 3,
			...(authentication === 'workspace' && {
				apiSecret: 'sandbox-secret',
				workspaceId: '=ws-{{ $json.key }}',
			}),
			...changes,
		};
		const type = authentication === 'workspace' ? 'twenty2WorkspaceApi' : 'twenty2Api';
		return createEngine({
			nodeTypes: { [twenty2Type]: new Twenty2() },
			credentialTypes: [new Twenty2Api(), new Twenty2WorkspaceApi()],
			credentials: { [type]: JSON.parse(JSON.stringify(fields)) },
		});
	};
	const create = (
		parameters: IDataObject = {},
		settings: Parameters<typeof createCallNode>[1] = {},
	) => createCallNode({ authentication, ...parameters }, settings);
	const read = (parameters: IDataObject = {}) =>
		getCallNode({ authentication, ...parameters }, continues);

	/** Whose key each number was phoned with. */
	const keysByNumber = () =>
		Object.fromEntries(sandbox.seen.calls.map(({ number, key }) => [number, bare(key)]));
	const bare = (key: string | null) => keys.find((each) => key?.includes(each));
	const expected = (items: IDataObject[]) =>
		Object.fromEntries(items.map((item) => [item.phone, item.key]));

	it('a credential with expressions phones the person of each item with the key of that item', async () => {
		const items = leadsOf(['key-a', 'key-b', 'key-c'], 9);
		const run = await runUntilDone(sandbox, engineWith().start({ items, node: create() }));
		expect(run.status).toBe('success');
		expect(run.success.map(({ pairedItem }) => pairedItem)).toEqual(
			items.map((_, item) => ({ item })),
		);
		expect(keysByNumber()).toEqual(expected(items));
		expect(sandbox.seen.calls).toHaveLength(9);
	});

	it('a credential with expressions reads each call, and waits for each, with the key of its item', async () => {
		const engine = engineWith();
		const items = leadsOf(['key-a', 'key-b'], 4);
		const node = create({ waitForCompletion: true });
		const placed = await runUntilDone(sandbox, engine.start({ items, node }));
		expect(keysByNumber()).toEqual(expected(items));
		expect(placed.success.map(({ json }) => json.status)).toEqual(items.map(() => 'completed'));
		const calls = placed.success.map(({ json }, n) => ({ ...json, key: items[n]?.key }));
		const got = await runUntilDone(sandbox, engine.start({ items: calls, node: read() }));
		expect(got.success.map(({ json }) => json.call_id)).toEqual(
			placed.success.map(({ json }) => json.call_id),
		);
		// Twenty2 shows a call to nobody but its owner.
		const [one, other] = calls;
		const swapped = [
			{ ...one, key: 'key-b' },
			{ ...other, key: 'key-a' },
		];
		const wrong = await runUntilDone(sandbox, engine.start({ items: swapped, node: read() }));
		expect(wrong.success.map(({ json }) => json.error)).toMatchObject([
			{ status: 404 },
			{ status: 404 },
		]);
	});

	it.runIf(authentication === 'workspace')(
		'a credential with expressions lists the calls of the key of each item',
		async () => {
			const engine = engineWith();
			const items = leadsOf(['key-a', 'key-b'], 4);
			await runUntilDone(sandbox, engine.start({ items, node: create() }));
			const node = {
				...read(),
				parameters: { authentication, operation: 'getManyCalls', returnAll: true },
			};
			const run = await runUntilDone(sandbox, engine.start({ items: items.slice(0, 2), node }));
			const listed = run.success.map(({ json, pairedItem }) => [json.to_number, pairedItem]);
			expect(listed).toEqual(
				expect.arrayContaining([
					[phone(0), { item: 0 }],
					[phone(2), { item: 0 }],
					[phone(1), { item: 1 }],
					[phone(3), { item: 1 }],
				]),
			);
			expect(listed).toHaveLength(4);
		},
	);

	it('a credential with expressions spends the budget of each key on the items of that key, by the limit of each', async () => {
		const limit = '={{ $json.key === "key-a" ? 5 : 50 }}';
		const items = leadsOf(['key-a', 'key-b'], 20);
		const engine = engineWith({ requestsPerMinute: limit });
		const { runs, seconds } = await untilDone(sandbox, [engine.start({ items, node: create() })]);
		expect(runs[0]?.success).toHaveLength(20);
		const times = (key: string) =>
			sandbox.seen.requests.filter((request) => bare(request.key) === key).map(({ at }) => at);
		const span = (at: number[]) => (at.at(-1) ?? 0) - (at[0] ?? 0);
		expect(span(times('key-a'))).toBeGreaterThanOrEqual(60_000);
		expect(span(times('key-b'))).toBeLessThan(10_000);
		expect(seconds).toBeLessThan(70);
		expect(runs[0]?.hints.map(({ message }) => message)).toEqual([
			expect.stringMatching(
				/^This run waited (59 seconds|1 minute( \d seconds?)?) for the limit of 5 requests a minute/,
			),
		]);
	});

	it('a credential with expressions keeps no item waiting for the slots of another key', async () => {
		sandbox.behave(phone(0), { kind: 'slow', ms: 20_000 });
		const items = [0, 1, 2].map((n) => ({ phone: phone(n), key: n < 2 ? 'key-a' : 'key-b' }));
		const engine = engineWith({ concurrentCalls: 1 });
		await untilDone(sandbox, [engine.start({ items, node: create() })]);
		expect(sandbox.seen.requests.map(({ key }) => bare(key))).toEqual(['key-a', 'key-b', 'key-a']);
	});

	it.each([
		['empty', { key: '' }, 'API Key in the Twenty2 credential'],
		['missing', {}, 'API Key in the Twenty2 credential'],
		['no key', { key: 'two words' }, 'API Key in the Twenty2 credential'],
	])('a credential that is %s for one item fails that item alone', async (_, wrong, message) => {
		const items = leadsOf(['key-a', 'key-b', 'key-c'], 6).map((item, n) =>
			n === 0 || n === 4 ? { phone: item.phone, ...wrong } : item,
		);
		const node = create({}, continues);
		const run = await runUntilDone(sandbox, engineWith().start({ items, node }));
		const errors = run.success.map(({ json }) => Object(json.error));
		expect(errors.map(({ code }) => code)).toEqual([
			'INVALID_INPUT',
			undefined,
			undefined,
			undefined,
			'INVALID_INPUT',
			undefined,
		]);
		expect(errors[0]).toMatchObject({
			message: expect.stringContaining(message),
			outcome: 'not_placed',
			attempts: 0,
		});
		const fit = items.filter((_item, n) => n !== 0 && n !== 4);
		expect(keysByNumber()).toEqual(expected(fit));
	});

	it('a credential that cannot be worked out for one item fails that item alone, and names the cause', async () => {
		const apiKey = '={{ $json.key ?? $("Nowhere").first().json.key }}';
		const items = leadsOf(['key-a', 'key-b'], 3).map((item, n) =>
			n === 1 ? { phone: item.phone } : item,
		);
		const changes = { apiKey, ...(authentication === 'workspace' && { workspaceId: 'ws-key-a' }) };
		const node = create({}, continues);
		const run = await runUntilDone(sandbox, engineWith(changes).start({ items, node }));
		expect(run.success.map(({ json }) => Object(json.error).code)).toEqual([
			undefined,
			'INVALID_INPUT',
			undefined,
		]);
		expect(run.success[1]?.json.error).toMatchObject({
			message: expect.stringContaining('Twenty2 credential'),
			description: expect.stringContaining('this item'),
		});
	});

	it('a credential that is wrong for one item stops the run before anybody is phoned', async () => {
		const items = [...leadsOf(['key-a', 'key-b'], 3), { phone: phone(3), key: '' }];
		const run = await runUntilDone(sandbox, engineWith().start({ items, node: create() }));
		expect(run.error).toMatchObject({ code: 'INVALID_INPUT', context: { itemIndex: 3 } });
		expect(sandbox.seen.requests).toEqual([]);
	});

	it.each([
		['reads another column where there is none', '={{ $json.key || "key-c" }}'],
		['takes the keys in turn', '={{ ["key-c", "key-b"][$itemIndex % 2] }}'],
		['takes one of two by the parity', '={{ $itemIndex % 2 ? "key-b" : "key-c" }}'],
		['reads what an earlier node gave', '={{ $("Start").item.json.key || "key-c" }}'],
		['reads it from all items', '={{ $("Start").all()[$itemIndex].json.key || "key-c" }}'],
	])('a credential whose expression %s is worked out for each item', async (_, apiKey) => {
		// The first has none, so what an expression falls back to is what the first item gets.
		const items = [
			{ phone: phone(0) },
			{ phone: phone(1), key: 'key-b' },
			{ phone: phone(2) },
			{ phone: phone(3), key: 'key-b' },
		];
		const changes = {
			apiKey,
			...(authentication === 'workspace' && { workspaceId: `=ws-${apiKey.slice(1)}` }),
		};
		const engine = engineWith(changes);
		const run = await runUntilDone(sandbox, engine.start({ items, node: create() }));
		expect(run.status).toBe('success');
		expect(keysByNumber()).toEqual({
			[phone(0)]: 'key-c',
			[phone(1)]: 'key-b',
			[phone(2)]: 'key-c',
			[phone(3)]: 'key-b',
		});
	});

	it.each([
		['plain', 'key-a'],
		['an expression that no item changes', '={{ "key" + "-a" }}'],
		['wrong', 'two words'],
	])('a credential that is %s is read at most twice for a whole run', async (_, apiKey) => {
		const changes = { apiKey, ...(authentication === 'workspace' && { workspaceId: 'ws-key-a' }) };
		const getDecrypted = vi.spyOn(StoredCredentials.prototype, 'getDecrypted');
		const engine = engineWith(changes);
		for (const count of [1, 25]) {
			getDecrypted.mockClear();
			const node = create({}, continues);
			const run = await runUntilDone(sandbox, engine.start({ items: leads(count), node }));
			expect(run.success).toHaveLength(count);
			expect(getDecrypted.mock.calls.length).toBeLessThanOrEqual(Math.min(count, 2));
		}
		getDecrypted.mockRestore();
	});

	it('a credential with expressions places only the missing calls when the execution is retried, each with its own key', async () => {
		sandbox.behave(phone(2), { kind: 'refuse', status: 400, message: 'No', times: 1 });
		const items = leadsOf(['key-a', 'key-b'], 4);
		const engine = engineWith({ concurrentCalls: 1 });
		const run = await runUntilDone(sandbox, engine.start({ items, node: create() }));
		expect(run.status).toBe('error');
		const again = await runUntilDone(sandbox, run.startRetry());
		expect(again.status).toBe('success');
		expect(keysByNumber()).toEqual(expected(items));
		expect(sandbox.seen.calls).toHaveLength(4);
	});
});
