import { expect, it } from 'vitest';

import { MissingLinks } from '../../../nodes/Twenty2/operations/missingLinks';

it('awaits no link to a kind of file once one was waited for in vain', () => {
	const links = new MissingLinks();
	links.missed('recording', false);
	expect(links.isAwaited('recording')).toBe(true);
	links.missed('recording', true);
	links.missed('recording', false);
	expect(links.isAwaited('recording')).toBe(false);
	expect(links.isAwaited('transcript')).toBe(true);
	expect([links.count('recording'), links.count('transcript')]).toEqual([3, 0]);
});

it('lets one call look for all, and the next one when that looks no longer', () => {
	const links = new MissingLinks();
	const [one, other] = [{}, {}];
	expect(links.mayLook(one, 5_000)).toBe(true);
	expect(links.mayLook(other, 5_000)).toBe(false);
	expect(links.mayLook(one, 15_000)).toBe(true);
	links.leave(other);
	expect(links.mayLook(other, 15_000)).toBe(false);
	links.leave(one);
	expect(links.mayLook(other, 35_000)).toBe(true);
});

it('lets all look once it is known how late links come, and none sooner', () => {
	const links = new MissingLinks();
	links.cameLate(15_000);
	for (const call of [{}, {}]) {
		expect(links.mayLook(call, 5_000)).toBe(false);
		expect(links.mayLook(call, 15_000)).toBe(true);
		expect(links.mayLook(call, 35_000)).toBe(true);
	}
});
