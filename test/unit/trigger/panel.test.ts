import { expect, it } from 'vitest';

import { testing } from '../../../nodes/Twenty2/trigger/panel';
import { alarming } from '../api/failureFrom';

const { header, activationHint, executionsHelp } = testing.triggerPanel;
const texts = [header, activationHint.inactive, activationHint.active, executionsHelp];

// A workspace has one URL, so whoever pastes the Test URL has to paste the other one again.
it.each([activationHint.inactive, activationHint.active, executionsHelp])(
	'the panel names both URLs, and where to paste them: %#',
	(text) => {
		expect(text).toContain('Test URL');
		expect(text).toContain('Production URL');
		expect(text).toContain('Profile → Integrations');
	},
);

it.each(texts)('the panel is calm and closes what it opens: %#', (text) => {
	expect(text).not.toMatch(alarming);
	const tags = [...text.matchAll(/<(\/?)(\w+)(?: [^>]*[^/])?>/g)];
	const opened = tags.filter(([, end]) => end === '').map(([, , tag]) => tag);
	const closed = tags.filter(([, end]) => end !== '').map(([, , tag]) => tag);
	expect(closed).toEqual(opened);
});
