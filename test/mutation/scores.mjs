// A reporter of Stryker: it writes the scores into docs/evidence/mutation.md and says which survivors that page does
// not explain.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { PluginKind, declareClassPlugin } from '@stryker-mutator/api/plugin';

const page = 'docs/evidence/mutation.md';
const scores = /(?<=<!-- scores -->\n\n)[^]*?(?=\n<!-- \/scores -->)/;
const root = 'nodes/Twenty2/';

const rowPattern = /^\| `(\S+\.ts)` +\| +(\d+) \/ (\d+) +\| +\S+ % +\| +(\S+) +\|$/gm;

/** Rows of files that are still there, as `{ 'policy/retry.ts': [killed, total, date] }`. */
const rowsIn = (text) =>
	Object.fromEntries(
		[...text.matchAll(rowPattern)]
			.filter(([, file]) => existsSync(root + file))
			.map(([, file, killed, total, date]) => [file, [Number(killed), Number(total), date]]),
	);

const countIn = (mutants, ...statuses) =>
	mutants.filter(({ status }) => statuses.includes(status)).length;

const row = (name, [killed, total, date]) => [
	name,
	`${killed} / ${total}`,
	`${((100 * killed) / total).toFixed(1)} %`,
	date,
];

/** As prettier formats it. */
function tableOf(rows) {
	const all = [['Part', 'Killed', 'Score', 'Run on'], ...rows];
	const widths = [0, 1, 2, 3].map((column) =>
		Math.max(...all.map((cells) => cells[column].length)),
	);
	const line = (cells) => `| ${cells.map((cell, n) => cell.padEnd(widths[n])).join(' | ')} |`;
	const [head, ...body] = all.map(line);
	return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body, ''].join(
		'\n',
	);
}

class Scores {
	/** Paths of the files of which a change was tried. */
	ran = new Set();

	onMutationTestingPlanReady({ mutantPlans }) {
		const run = mutantPlans.filter(({ plan }) => plan === 'Run');
		this.ran = new Set(run.map(({ mutant }) => relative('.', mutant.fileName)));
	}

	onMutationTestReportReady({ files }) {
		const before = readFileSync(page, 'utf8');
		const today = new Date().toISOString().slice(0, 10);
		// Files that were not measured keep their scores.
		const counts = rowsIn(before.match(scores)?.[0] ?? '');
		const unexplained = [];
		for (const [path, { mutants, source }] of Object.entries(files)) {
			const file = path.replace(root, '');
			const killed = countIn(mutants, 'Killed', 'Timeout');
			const survivors = mutants.filter(({ status }) => /^(Survived|NoCoverage)$/.test(status));
			const date = this.ran.has(path) ? today : (counts[file]?.[2] ?? today);
			if (killed + survivors.length > 0) counts[file] = [killed, killed + survivors.length, date];
			for (const { location, replacement } of survivors) {
				const line = source.split('\n')[location.start.line - 1].trim();
				const isExplained = before
					.split('\n')
					.some((text) => text.includes(file) && text.includes(line.replaceAll('|', '\\|')));
				if (!isExplained)
					unexplained.push(`${file}:${location.start.line} ${line} → ${replacement}`);
			}
		}
		const folders = new Map();
		for (const file of Object.keys(counts).sort()) {
			const folder = file.replace(/\/[^/]*$/, '/');
			folders.set(folder, [...(folders.get(folder) ?? []), file]);
		}
		const rows = [...folders].flatMap(([folder, names]) => {
			const sum = (n) => names.reduce((total, name) => total + counts[name][n], 0);
			return [
				row(`**${folder}**`, [sum(0), sum(1), '']),
				...names.map((name) => row(`\`${name}\``, counts[name])),
			];
		});
		writeFileSync(
			page,
			before.replace(scores, () => tableOf(rows)),
		);
		if (unexplained.length === 0) return;
		console.log(`${page} does not explain ${unexplained.length} survivors:`);
		for (const survivor of unexplained) console.log(`  ${survivor}`);
	}
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'scores', Scores)];
