import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';

import { Claim, isClaimed } from '../../../nodes/Twenty2/policy/callClaims';

/** What a create asks for that no other test has asked for. */
const something = () => randomUUID();

it('a claim makes a call one create’s own, for all others', () => {
	const id = randomUUID();
	const own = new Claim(something());
	expect(isClaimed(id)).toBe(false);
	own.take(id);
	expect(isClaimed(id)).toBe(true);
});

it('a claim is contested while another create that asks for the same is on its way', () => {
	const asked = something();
	const own = new Claim(asked);
	const first = new Claim(asked);
	const second = new Claim(asked);
	const different = new Claim(something());
	own.settled();
	expect(own.contested).toBe(true);
	first.settled();
	expect(own.contested).toBe(true);
	second.settled();
	expect(own.contested).toBe(false);
	different.settled();
});

it('a claim is not contested by itself, however often it is settled', () => {
	const asked = something();
	const own = new Claim(asked);
	const other = new Claim(asked);
	own.settled();
	own.settled();
	expect(own.contested).toBe(true);
	other.settled();
	expect(own.contested).toBe(false);
});

it('a claim is remembered longer than a call is looked for', () => {
	const id = randomUUID();
	const own = new Claim(something());
	own.take(id);
	for (let n = 0; n < 5_000; n++) own.take(randomUUID());
	expect(isClaimed(id)).toBe(true);
});

it('a claim is forgotten in the end, so that it takes no memory for ever', () => {
	const id = randomUUID();
	const own = new Claim(something());
	own.take(id);
	for (let n = 0; n < 20_000; n++) own.take(randomUUID());
	expect(isClaimed(id)).toBe(false);
});
