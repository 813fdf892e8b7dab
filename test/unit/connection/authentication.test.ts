import { expect, it } from 'vitest';
import * as z from 'zod/v4';

import {
	authentication,
	generationName,
	generations,
} from '../../../nodes/Twenty2/connection/authentication';
import { Twenty2 } from '../../../nodes/Twenty2/Twenty2.node';
import { Twenty2Trigger } from '../../../nodes/Twenty2/Twenty2Trigger.node';

const names = Object.keys(generations);

it('the field Authentication offers each generation of the API, and the first one by default', () => {
	const offered = z.array(z.object({ value: z.string() })).parse(authentication.options);
	expect(offered.map(({ value }) => value)).toEqual(names);
	expect(authentication.default).toBe(names[0]);
});

it('the field Authentication takes nothing else', () => {
	expect(names.map((name) => generationName.safeParse(name).success)).toEqual([true, true]);
	expect(generationName.safeParse('oauth').error?.issues[0]?.message).toBe(
		'must be apiKey or workspace',
	);
});

it.each([new Twenty2(), new Twenty2Trigger()])(
	'the field Authentication shows the credential that the generation takes (%#)',
	({ description: { credentials = [] } }) => {
		const shown = credentials.map(({ name, displayOptions }) => [
			displayOptions?.show?.authentication,
			name,
		]);
		const taken = Object.entries(generations).map(([name, { credentialType }]) => [
			[name],
			credentialType,
		]);
		expect(shown).toEqual(taken);
	},
);
