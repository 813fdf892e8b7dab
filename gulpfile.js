'use strict';

const { execFile } = require('node:child_process');
const { chmod, mkdir, readFile, readdir, rm, writeFile } = require('node:fs/promises');
const { dirname, join } = require('node:path');
const { promisify } = require('node:util');
const esbuild = require('esbuild');
const { dest, parallel, series, src, watch } = require('gulp');

const { n8n } = require('./package.json');

const assets = ['nodes/**/*.{svg,json}'];

/**
 * The numbering plans of all countries, without the formats, which are a good half of them. They are JSON
 * in a string, because Node parses that faster than the same object as code.
 */
const numberingPlans = {
	name: 'numbering-plans',
	setup({ onLoad }) {
		onLoad({ filter: /metadata\.min\.json(\.js)?$/ }, async ({ path }) => {
			const json = await readFile(path.replace(/\.js$/, ''), 'utf8');
			const { countries, nonGeographic, ...plans } = JSON.parse(json);
			const contents = `{
				"version": ${plans.version},
				"country_calling_codes": ${aLineEach(plans.country_calling_codes)},
				"countries": ${withoutFormats(countries)},
				"nonGeographic": ${withoutFormats(nonGeographic)}
			}`;
			return { contents: `export default JSON.parse(String.raw\`${contents}\`);`, loader: 'js' };
		});
	},
};

/** Where a country's formats are in libphonenumber-js' metadata (its METADATA.md). */
const FORMATS = 4;

function withoutFormats(plans) {
	const needed = (plan) => plan.map((part, i) => (i === FORMATS ? 0 : part));
	return aLineEach(
		Object.fromEntries(Object.entries(plans).map(([name, plan]) => [name, needed(plan)])),
	);
}

/** A line an entry, or reviewers would meet one line of 30,000 characters. */
function aLineEach(entries) {
	const lines = Object.entries(entries).map(
		([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`,
	);
	return `{\n${lines.join(',\n')}\n}`;
}

async function clean() {
	await rm('dist', { recursive: true, force: true });
}

async function checkTypes() {
	await promisify(execFile)(process.execPath, [require.resolve('typescript/bin/tsc')]).catch(
		({ stdout }) => {
			throw new Error(`\n${stdout}`);
		},
	);
}

/**
 * One file a node and a credential, and what they share in files beside them, so that all nodes have
 * the same budgets. They can be read, as n8n's reviewers want it. The package may have no
 * dependencies and the bundle no timers or global scope of its own (n8n's verification rules), so
 * libraries that expect them are given what `timers.ts` makes of n8n-workflow.
 */
async function bundle() {
	const { outputFiles, metafile } = await esbuild.build({
		entryPoints: [...n8n.nodes, ...n8n.credentials].map(sourceOf),
		outdir: 'dist',
		outbase: '.',
		chunkNames: 'shared/[hash]',
		bundle: true,
		// Only this format can be split; n8n requires files, so it becomes CommonJS in a second step.
		format: 'esm',
		splitting: true,
		platform: 'node',
		target: 'node20',
		external: ['n8n-workflow', 'luxon'],
		// Or where a linked `node_modules` really is would be in the bundle, in comments and hashes.
		preserveSymlinks: true,
		plugins: [numberingPlans],
		inject: ['nodes/Twenty2/policy/timers.ts'],
		define: { globalThis: 'bundleScope' },
		treeShaking: true,
		logLevel: 'warning',
		metafile: true,
		write: false,
	});
	for (const { path, text } of outputFiles) {
		// esbuild keeps comments within functions. Without them it is 20 kB smaller.
		const { code: bare } = await esbuild.transform(text, { minifyWhitespace: true });
		const { code } = await esbuild.transform(bare, { format: 'cjs', target: 'node20' });
		await mkdir(dirname(path), { recursive: true });
		await writeFile(path, withTabs(inAscii(code)));
	}
	await writeFile('dist/THIRD_PARTY_NOTICES.txt', await noticesOf(Object.keys(metafile.inputs)));
}

/** What the licences of the bundled packages want to be told: name, version, and the licence in full. */
async function noticesOf(bundledFiles) {
	const folders = bundledFiles.map((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
	const bundled = [...new Set(folders.filter((folder) => folder !== undefined))].sort();
	const notices = bundled.map(async (folder) => {
		const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
		const licence = (await readdir(folder)).find((file) => /^licen[cs]e(\.(md|txt))?$/i.test(file));
		if (licence === undefined) throw new Error(`${name} has no licence that could be passed on`);
		return `${name} ${version}\n\n${await readFile(`${folder}/${licence}`, 'utf8')}`;
	});
	const introduction = 'The files beside this one contain code of these packages.';
	return [introduction, ...(await Promise.all(notices))].join(`\n\n${'-'.repeat(80)}\n\n`);
}

/** The same code in ASCII: Node parses that faster. */
function inAscii(code) {
	const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
	return code.replace(/[^\x00-\x7f]/g, escaped);
}

/**
 * The same code with a tab for each level, as the sources have it: it is 4 % smaller. Of the strings with
 * several lines, one is JSON and the others are code that zod makes, so tabs change nothing in them.
 */
function withTabs(code) {
	return code.replace(/^(?: {2})+/gm, (spaces) => '\t'.repeat(spaces.length / 2));
}

function sourceOf(file) {
	return file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
}

function copyAssets() {
	return src(assets, { base: '.', encoding: false }).pipe(dest('dist'));
}

/** npm packs files with the modes that they have, and those depend on the umask of whoever builds. */
async function setModes() {
	const built = await readdir('dist', { recursive: true, withFileTypes: true });
	const files = built
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name));
	const packed = [...files, 'package.json', 'README.md', 'LICENSE.md'];
	await Promise.all(packed.map(async (file) => await chmod(file, 0o644)));
}

function rebuildOnChange() {
	watch(['nodes/**', 'credentials/**'], parallel(bundle, copyAssets));
}

exports.build = series(clean, parallel(checkTypes, bundle, copyAssets), setModes);
exports.watch = rebuildOnChange;
exports.default = exports.build;
