import { expect, it } from 'vitest';

import { Twenty2Api } from '../../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../../credentials/Twenty2WorkspaceApi.credentials';
import * as triggerFields from '../../../nodes/Twenty2/trigger/fields';

const fields = [
	...new Twenty2Api().properties,
	...new Twenty2WorkspaceApi().properties,
	...Object.values(triggerFields),
];

it.each(fields.filter(({ type }) => type === 'string').map((field) => [field.displayName, field]))(
	'%s shows an example of what to enter',
	(_, { placeholder }) => {
		expect(placeholder).toMatch(/^e\.g\. \S/);
	},
);
