// `npm run test:mutation`, or for some files `npm run test:mutation -- -m nodes/Twenty2/policy/retry.ts`.

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
	mutate: [
		'nodes/Twenty2/policy/**/*.ts',
		'nodes/Twenty2/api/**/*.ts',
		'nodes/Twenty2/operations/create/**/*.ts',
		'nodes/Twenty2/operations/createCall.ts',
		'nodes/Twenty2/connection/retryRule.ts',
	],
	testRunner: 'vitest',
	vitest: { configFile: 'test/mutation/vitest.config.ts', related: true },
	plugins: [
		'@stryker-mutator/vitest-runner',
		'./test/mutation/constants.mjs',
		'./test/mutation/userTexts.mjs',
		'./test/mutation/scores.mjs',
	],
	ignorers: ['constants', 'user texts'],
	coverageAnalysis: 'perTest',
	// What is computed once, when a file is loaded, cannot change for a test.
	ignoreStatic: true,
	concurrency: 2,
	timeoutMS: 10_000,
	// The sandbox is inside the project, so its node_modules are found from there.
	symlinkNodeModules: false,
	tempDirName: '.stryker-tmp',
	ignorePatterns: ['/dist', '/docs', '/examples', '/test-artefacts', '/reports', '/bench.json'],
	disableTypeChecks: false,
	incremental: true,
	incrementalFile: 'reports/mutation/incremental.json',
	reporters: ['clear-text', 'json', 'progress-append-only', 'scores'],
	clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
	jsonReporter: { fileName: 'reports/mutation/mutation.json' },
	allowEmpty: true,
};
