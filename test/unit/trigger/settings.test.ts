import { expect, it } from 'vitest';

import { carriesSecret, isAuthorized } from '../../../nodes/Twenty2/trigger/settings';
import { failureFrom } from '../api/failureFrom';
import { readerOf } from '../operations/fields/reader';

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

it.each(['a+b', 'a&b', 'a#b', 'a%b', 'a b', '%2B'])(
	'a secret that a URL changes is refused, with what to do: %s',
	(secret) => {
		const { fields } = failureFrom(() => isAuthorized(readerOf({}, { secret }), { secret }));
		expect(fields).toMatchObject({
			code: 'INVALID_INPUT',
			message: 'Secret has a character that a URL changes: + & # % or a space',
			description: 'Make it of letters and digits, here and in the URL that is pasted in Twenty2',
		});
	},
);

it.each(['6vZ2mWq8Rk3T', 'a-b_c.d~e', 'ключ', ' padded '])(
	'a secret that a URL carries as it is, is taken: %s',
	(secret) => {
		const query = Object.fromEntries(new URLSearchParams(`secret=${secret.trim()}`));
		expect(isAuthorized(readerOf({}, { secret }), query)).toBe(true);
	},
);
