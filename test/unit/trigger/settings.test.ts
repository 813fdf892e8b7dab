import { expect, it } from 'vitest';

import { carriesSecret } from '../../../nodes/Twenty2/trigger/settings';

it('the secret is found in a URL that has it', () => {
	expect(carriesSecret({ secret: 's3cret', more: '1' }, 's3cret')).toBe(true);
});

it.each([
	{},
	{ secret: '' },
	{ secret: 's3cre' },
	{ secret: 's3cret ' },
	{ secret: 'S3CRET' },
	{ secret: 'something much longer than the secret itself' },
	{ secret: ['s3cret', 's3cret'] },
	{ Secret: 's3cret' },
	undefined,
])('the secret is not found in %j', (query) => {
	expect(carriesSecret(query, 's3cret')).toBe(false);
});
