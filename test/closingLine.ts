/* eslint-disable no-console -- never part of the package */
import type { Reporter, TestModule } from 'vitest/node';

/** One plain line at the very end, for people and programs that read only that. */
export default class ClosingLine implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]) {
		const tests = modules.flatMap((module) => [...module.children.allTests()]);
		const count = (state: string) => tests.filter((test) => test.result().state === state).length;
		const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(count);
		console.log(`Tests: ${passed} passed, ${failed} failed, ${skipped} skipped`);
	}
}
