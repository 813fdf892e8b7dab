/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const project = join(__dirname, '..', '..');
const rowsOf = (page: string) =>
	readFileSync(join(project, 'docs', 'evidence', page), 'utf8')
		.split('\n')
		.flatMap((line) => {
			const [, promise, file, title] =
				/^\| (.*?) +\|.* `(\w+\/.+?\.ts)`: (.+?) +\|$/.exec(line) ?? [];
			return promise && file && title ? [{ promise, file, title }] : [];
		});

describe.each([
	['promises.md', 60],
	['guidelines.md', 22],
])('Each test that %s names exists', (page, least) => {
	const rows = rowsOf(page);

	it.each(rows)('$promise', ({ file, title }) => {
		const path = join(project, 'test', file);
		expect(existsSync(path)).toBe(true);
		expect(readFileSync(path, 'utf8')).toContain(title);
	});

	it(`in at least ${least} rows`, () => {
		expect(rows.length).toBeGreaterThanOrEqual(least);
	});
});
