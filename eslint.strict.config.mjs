// Our own rules, on top of those of n8n that eslint.config.mjs has to hold unchanged.
import config from './eslint.config.mjs';

export default [
	...config,
	{
		files: ['**/*.ts'],
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		rules: {
			'@typescript-eslint/no-explicit-any': 'error',
			'@typescript-eslint/no-non-null-assertion': 'error',
		},
	},
];
