import { describe, expect, it } from 'vitest';

import { Repeats } from '../../../nodes/Twenty2/trigger/seenEvents';

const ids = (count: number) => Array.from({ length: count }, (_, n) => `evt_${n}`);

describe('Repeats', () => {
	it('let an event be claimed once', () => {
		const repeats = new Repeats();
		const claim = repeats.claim('evt_1');
		expect(claim).toBeDefined();
		expect(repeats.claim('evt_1')).toBeUndefined();
		claim?.keep();
		expect(repeats.claim('evt_1')).toBeUndefined();
		expect(repeats.claim('evt_2')).toBeDefined();
	});

	it('let an event that was given up be claimed again', () => {
		const repeats = new Repeats();
		repeats.claim('evt_1')?.giveUp();
		expect(repeats.claim('evt_1')).toBeDefined();
	});

	it('know what was remembered elsewhere', () => {
		const repeats = new Repeats();
		repeats.recall(['evt_1', 'evt_2']);
		expect(repeats.claim('evt_2')).toBeUndefined();
	});

	it('pass on what started the workflow, and nothing that may still be given up', () => {
		const repeats = new Repeats();
		for (const id of ids(5)) repeats.claim(id)?.keep();
		repeats.claim('evt_open');
		repeats.claim('evt_given_up')?.giveUp();
		expect(repeats.latest(3)).toEqual(['evt_2', 'evt_3', 'evt_4']);
	});

	it('remember the latest 10,000 events', () => {
		const repeats = new Repeats();
		for (const id of ids(10_001)) repeats.claim(id)?.keep();
		expect(repeats.claim('evt_1')).toBeUndefined();
		expect(repeats.claim('evt_10000')).toBeUndefined();
		expect(repeats.claim('evt_0')).toBeDefined();
	});
});
