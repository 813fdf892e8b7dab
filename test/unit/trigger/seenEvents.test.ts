import { describe, expect, it } from 'vitest';

import { SeenEvents } from '../../../nodes/Twenty2/trigger/seenEvents';

const ids = (count: number) => Array.from({ length: count }, (_, n) => `evt_${n}`);

describe('Seen events', () => {
	it('let an event be claimed once', () => {
		const seen = new SeenEvents();
		expect(seen.has('evt_1')).toBe(false);
		expect(seen.claim('evt_1')).toBe(true);
		expect(seen.claim('evt_1')).toBe(false);
		expect(seen.has('evt_1')).toBe(true);
		expect(seen.claim('evt_2')).toBe(true);
	});

	it('remember the latest 10,000 events', () => {
		const seen = new SeenEvents();
		for (const id of ids(10_001)) seen.claim(id);
		expect(seen.has('evt_1')).toBe(true);
		expect(seen.has('evt_10000')).toBe(true);
		expect(seen.has('evt_0')).toBe(false);
	});
});
