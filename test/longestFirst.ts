import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take minutes, the longest first. One of them that began last would go on alone. A fresh clone
 * has no times of an earlier run that vitest could go by.
 */
const longest = [
	'queueMode.test.ts',
	'crash.test.ts',
	'examplesOverTime.test.ts',
	'demo.test.ts',
	'waitForCompletion.test.ts',
	'editor.test.ts',
	'limits.test.ts',
	'dryRun.test.ts',
	'deduplication.test.ts',
	'n8n1.test.ts',
].map((name) => `/test/e2e/${name}`);

const place = ({ moduleId }: TestSpecification) => {
	const index = longest.findIndex((file) => moduleId.endsWith(file));
	return index < 0 ? longest.length : index;
};

export class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		return (await super.sort(files)).sort((a, b) => place(a) - place(b));
	}
}
