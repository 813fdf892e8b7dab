import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Engine } from './engine';
import { createCallNode, engineFor, phone } from './twenty2';
import { runUntilDone, useVirtualTime } from './virtualTime';

// At noon in India, as calls that ring only in the morning have a hint of their own.
useVirtualTime();
let sandbox: Sandbox;
let engine: Engine;
beforeEach(async () => {
	sandbox = await startSandbox({ clock: () => Date.now(), refuseConcurrent: false });
	engine = engineFor(sandbox);
});
afterEach(() => sandbox.close());

const hintsOf = async (items: IDataObject[], options: IDataObject = {}) => {
	const deduplicationKey = '=november-{{ $json.email }}';
	const node = createCallNode(
		{ options: { deduplicationKey, ...options } },
		{ onError: 'continueErrorOutput' },
	);
	const { hints, errors } = await runUntilDone(sandbox, engine.start({ items, node }));
	return { hints: hints.map(({ message }) => message), left: errors.length };
};
const said = (people: string) =>
	`${people} not phoned, because an item of this run with another number had the same key. Is a field in Call Only Once per Key empty?`;

it('a hint counts people who were not phoned because another item had their key', async () => {
	const { hints, left } = await hintsOf([
		{ phone: phone(0), email: 'asha@example.com' },
		{ phone: phone(1) },
		{ phone: phone(2) },
	]);
	expect(left).toBe(1);
	expect(hints).toEqual([said('1 person was')]);
	expect(sandbox.seen.calls).toHaveLength(2);
});

it('the hint counts people once each, over all keys', async () => {
	const { hints } = await hintsOf([
		{ phone: phone(1) },
		{ phone: phone(2) },
		{ phone: phone(2) },
		{ phone: phone(3) },
		{ phone: phone(4), email: 'family@example.com' },
		{ phone: phone(5), email: 'family@example.com' },
	]);
	expect(hints).toEqual([said('3 people were')]);
});

it('the hint counts nobody whose own number had the key, or who was phoned under another one', async () => {
	expect((await hintsOf([{ phone: phone(1) }, { phone: phone(1) }])).hints).toEqual([]);
	const { hints, left } = await hintsOf([
		{ phone: phone(6), email: 'ravi@example.com' },
		{ phone: phone(7), email: 'mina@example.com' },
		{ phone: phone(7), email: 'ravi@example.com' },
	]);
	expect(left).toBe(1);
	expect(hints).toEqual([]);
});

it('the hint counts nobody whose key an earlier execution used up', async () => {
	await hintsOf([{ phone: phone(1) }]);
	const { hints, left } = await hintsOf([{ phone: phone(1) }, { phone: phone(2) }]);
	expect(left).toBe(2);
	expect(hints).toEqual([]);
});

it('a dry run, which phones nobody, has no hint of equal keys', async () => {
	const { hints } = await hintsOf([{ phone: phone(1) }, { phone: phone(2) }], { dryRun: true });
	expect(hints.join()).not.toContain('not phoned, because');
});
