/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isKept, type Bench } from './figure';
import { growth } from './growth';
import { load } from './load';
import { otherNodes } from './otherNodes';
import { project } from './project';
import { realTime } from './realTime';
import { sharing } from './sharing';
import { table, type Row } from './table';

const benches: Bench[] = [realTime, otherNodes, growth, load, sharing];

const lineOf = ({ name, title }: Bench) => `  ${name}  ${title}`;

/** `npm run bench`, or `npm run bench -- a c` for some of them. */
async function main(names: string[]): Promise<void> {
	if (!names.every((name) => benches.some((bench) => bench.name === name))) {
		console.error(['Usage: npm run bench -- [name …]', ...benches.map(lineOf)].join('\n'));
		process.exitCode = 1;
		return;
	}

	const rows: Row[] = [];
	for (const bench of benches) {
		if (names.length > 0 && !names.includes(bench.name)) continue;
		console.log(lineOf(bench));
		const figures = await bench.measure();
		rows.push(...figures.map((figure) => ({ bench: bench.name, ...figure })));
	}
	console.log(`\n${table(rows)}\n`);
	const withVerdicts = rows.map((row) => ({ ...row, kept: isKept(row) }));
	await writeFile(join(project, 'bench.json'), `${JSON.stringify(withVerdicts, null, '\t')}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
