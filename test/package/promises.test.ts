/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const project = join(__dirname, '..', '..');
const rows = readFileSync(join(project, 'docs', 'promises.md'), 'utf8')
	.split('\n')
	.flatMap((line) => {
		const [, promise, file, title] = /^\| (.*?) +\| `(.+?)`: (.+?) +\|$/.exec(line) ?? [];
		return promise && file && title ? [{ promise, file, title }] : [];
	});

describe('The test of each promise exists', () => {
	it.each(rows)('$promise', ({ file, title }) => {
		const path = join(project, 'test', file);
		expect(existsSync(path)).toBe(true);
		expect(readFileSync(path, 'utf8')).toContain(title);
	});

	it('in at least 60 rows', () => {
		expect(rows.length).toBeGreaterThanOrEqual(60);
	});
});
