import { describe, expect, it } from 'vitest';

import { SeenEvents } from '../../../nodes/Twenty2/trigger/seenEvents';

const ids = (count: number) => Array.from({ length: count }, (_, n) => `evt_${n}`);

describe('Seen events', () => {
	it('let an event be acquired once', () => {
		const seen = new SeenEvents();
		const lease = seen.acquire('evt_1');
		expect(lease).toBeDefined();
		expect(seen.acquire('evt_1')).toBeUndefined();
		lease?.commit();
		expect(seen.acquire('evt_1')).toBeUndefined();
		expect(seen.acquire('evt_2')).toBeDefined();
	});

	it('let an event that was released be acquired again', () => {
		const seen = new SeenEvents();
		seen.acquire('evt_1')?.release();
		expect(seen.acquire('evt_1')).toBeDefined();
	});

	it('know what was remembered elsewhere', () => {
		const seen = new SeenEvents();
		seen.recall(['evt_1', 'evt_2']);
		expect(seen.acquire('evt_2')).toBeUndefined();
	});

	it('pass on what started the workflow, and nothing that may still be released', () => {
		const seen = new SeenEvents();
		for (const id of ids(5)) seen.acquire(id)?.commit();
		seen.acquire('evt_open');
		seen.acquire('evt_released')?.release();
		expect(seen.latest(3)).toEqual(['evt_2', 'evt_3', 'evt_4']);
	});

	it('remember the latest 10,000 events', () => {
		const seen = new SeenEvents();
		for (const id of ids(10_001)) seen.acquire(id)?.commit();
		expect(seen.acquire('evt_1')).toBeUndefined();
		expect(seen.acquire('evt_10000')).toBeUndefined();
		expect(seen.acquire('evt_0')).toBeDefined();
	});
});
