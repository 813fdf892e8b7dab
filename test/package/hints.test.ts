import { expect, it } from 'vitest';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { Twenty2Trigger } from '../../nodes/Twenty2/Twenty2Trigger.node';

/** The limit of n8n's rule `hint-max-length`. A longer hint pushes the fields below it down. */
const longest = 120;

/** All texts of one kind in the fields of a node or credential, also of fields inside fields. */
function textsIn(value: unknown, kind: string): string[] {
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([key, below]) =>
		key === kind && typeof below === 'string' ? [below] : textsIn(below, kind),
	);
}

const tooLong = (fields: unknown, kind: string) =>
	textsIn(fields, kind).filter((text) => text.length > longest);

it.each([
	['Twenty2', new Twenty2().description.properties],
	['Twenty2 Trigger', new Twenty2Trigger().description.properties],
	['Twenty2 API', new Twenty2Api().properties],
	['Twenty2 Workspace API', new Twenty2WorkspaceApi().properties],
])('no hint or description of %s is longer than n8n allows a hint', (_, fields) => {
	expect(tooLong(fields, 'hint')).toEqual([]);
	expect(tooLong(fields, 'description')).toEqual([]);
});
