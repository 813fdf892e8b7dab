import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take minutes, the longest first. One of them that began last would go on alone. A fresh clone
 * has no times of an earlier run that vitest could go by.
 */
const longest = [
	'e2e/editor.test.ts',
	'e2e/queueMode.test.ts',
	'e2e/examplesOverTime.test.ts',
	'e2e/communityInstall.test.ts',
	'e2e/demo.test.ts',
	'e2e/n8n1.test.ts',
	'e2e/twenty2.test.ts',
	'engine/failures.test.ts',
	'faults/matrix.test.ts',
	'simulation/simulation.test.ts',
	'engine/waitForCompletion.test.ts',
].map((name) => `/test/${name}`);

const place = ({ moduleId }: TestSpecification) => {
	const index = longest.findIndex((file) => moduleId.endsWith(file));
	return index < 0 ? longest.length : index;
};

export class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		return (await super.sort(files)).sort((a, b) => place(a) - place(b));
	}
}
