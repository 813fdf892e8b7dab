import { describe, expect, it } from 'vitest';

import { Shortage } from '../../../nodes/Twenty2/policy/shortage';
import { pass, useFakeTime } from './fakeTime';

const MINUTE = 60_000;

const refused = (more: { canLook?: boolean; live?: number } = {}) => ({
	...{ sentAt: performance.now(), canLook: true, live: 1 },
	...more,
});

describe('What a refused create is about', () => {
	useFakeTime();

	it('what a refused create is about is unclear while a call of this process is live', () => {
		expect(new Shortage().about(refused())).toBe('unclear');
	});

	it('a refused create is about requests where no call can be looked at', () => {
		expect(new Shortage().about(refused({ canLook: false }))).toBe('requests');
	});

	it('a refused create is about lines once a read was answered, whatever was refused before', () => {
		const shortage = new Shortage();
		shortage.ask();
		expect(shortage.readAnswered()).toBe(true);
		expect(shortage.about(refused())).toBe('lines');
		// Nothing more is to be decided.
		expect([shortage.readAnswered(), shortage.readRateLimited()]).toEqual([false, false]);
		shortage.ask();
		expect(shortage.state).toBe('lines');
	});

	it('a refused create is about requests for a minute after a read was refused too', async () => {
		const shortage = new Shortage();
		shortage.ask();
		expect(shortage.readRateLimited()).toBe(true);
		await pass(MINUTE - 1);
		expect(shortage.about(refused())).toBe('requests');
		await pass(1);
		expect(shortage.about(refused())).toBe('unclear');
	});

	it('a refused create is about requests for good once creates were accepted faster than lines could take them', () => {
		const shortage = new Shortage();
		shortage.linesSuffice(true);
		expect(shortage.about(refused())).toBe('requests');
	});

	it('a refused create may be about lines again where these only seemed to suffice', () => {
		const shortage = new Shortage();
		shortage.ask();
		shortage.readAnswered();
		shortage.linesSuffice(false);
		expect([shortage.state, shortage.about(refused())]).toEqual(['none', 'unclear']);
	});

	it('no read before a refused create decides what it is about', () => {
		const shortage = new Shortage();
		expect([shortage.readAnswered(), shortage.readRateLimited()]).toEqual([false, false]);
		expect(shortage.state).toBe('none');
	});

	it.each<[string, (shortage: Shortage) => void]>([
		['was answered', (shortage) => shortage.readAnswered()],
		['was refused too', (shortage) => shortage.readRateLimited()],
	])(
		'a refused create without a live call is taken to be about requests, and remembered as blind until a read %s',
		(_, decide) => {
			const shortage = new Shortage();
			expect(shortage.about(refused({ live: 0 }))).toBe('requests');
			expect(shortage.blind).toBe(true);
			expect(shortage.about(refused())).toBe('unclear');
			shortage.ask();
			expect(shortage.blind).toBe(true);
			decide(shortage);
			expect(shortage.blind).toBe(false);
		},
	);
});
