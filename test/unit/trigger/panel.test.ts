import { expect, it } from 'vitest';

import { dashboardSteps } from '../../../nodes/Twenty2/trigger/fields';
import { testing } from '../../../nodes/Twenty2/trigger/panel';
import { alarming } from '../api/failureFrom';

const { header, activationHint, executionsHelp } = testing.triggerPanel;
const texts = [header, activationHint.inactive, activationHint.active, executionsHelp];
const { activationMessage } = testing;

it('the notice says where to paste a URL, the panel how to test, and the text of publishing what is left to do', () => {
	const where = 'Profile → Integrations';
	expect(dashboardSteps.displayName).toContain(where);
	expect(activationHint.inactive).toMatch(/Test URL.*Execute step.*place a call/);
	expect(activationMessage).toMatch(/Production URL takes the place of the Test URL/);
	expect(activationMessage).toContain(where);
	expect(texts.join()).not.toContain(where);
	expect(dashboardSteps.displayName).not.toMatch(/Test URL|Production URL/);
});

it('the help of the panel says what each of the two URLs does', () => {
	expect(executionsHelp).toMatch(/The Test URL.*one event.*The Production URL.*all events/);
});

// n8n 1.123 and 2.41 call the button so.
it('the panel calls the button by its name', () => {
	expect(activationHint.inactive).toContain('<b>Execute step</b>');
	expect(executionsHelp).toContain('Execute step');
});

it.each([...texts, activationMessage])('the panel is calm and closes what it opens: %#', (text) => {
	expect(text).not.toMatch(alarming);
	const tags = [...text.matchAll(/<(\/?)(\w+)(?: [^>]*[^/])?>/g)];
	const opened = tags.filter(([, end]) => end === '').map(([, , tag]) => tag);
	const closed = tags.filter(([, end]) => end !== '').map(([, , tag]) => tag);
	expect(closed).toEqual(opened);
});
