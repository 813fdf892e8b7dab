import { expect, it } from 'vitest';

import { Deadline } from '../../../nodes/Twenty2/policy/deadline';

it('a deadline begins when a refusal first holds the request back, and not before', () => {
	const deadline = new Deadline(1_000);
	expect(deadline.at).toBeUndefined();
	expect(deadline.allows(6_000, 5_000)).toBe(true);
	expect(deadline.at).toBe(6_000);
	expect(deadline.allows(6_001, 5_500)).toBe(false);
});

it('a deadline begins anew once it was restarted', () => {
	const deadline = new Deadline(1_000);
	deadline.allows(0, 0);
	deadline.restart();
	expect(deadline.at).toBeUndefined();
	expect(deadline.allows(8_000, 7_000)).toBe(true);
});
