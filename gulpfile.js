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
 * The numbering plans of all countries, without the formats and the types of numbers that are not needed. They are
 * JSON in a string, because Node parses that faster than the same object as code.
 */
const numberingPlans = {
	name: 'numbering-plans',
	setup({ onLoad }) {
		onLoad({ filter: /metadata\.max\.json(\.js)?$/ }, async ({ path }) => {
			const metadata = JSON.parse(await readFile(path.replace(/\.js$/, ''), 'utf8'));
			const { version, country_calling_codes, countries, nonGeographic } = metadata;
			// The first country of a calling code is the main one.
			const names = Object.values(country_calling_codes).flat();
			const kept = [
				...names.map((name) => trimmed(countries[name], country_calling_codes)),
				...Object.values(nonGeographic).map((plan) => trimmed(plan, {})),
			];
			const lines = kept.map((plan) => JSON.stringify(plan)).join(',\n');
			const { text, fragments } = abbreviated(`[${lines}]`);
			const contents = `
				const fragments = ${JSON.stringify(fragments)};
				let json = String.raw\`${text}\`;
				for (const [sign, fragment] of fragments) json = json.replaceAll(sign, () => fragment);
				const plans = JSON.parse(json);
				const metadata = {
					version: ${version}, country_calling_codes: {}, countries: {}, nonGeographic: {}
				};
				for (const name of '${names.join(' ')}'.split(' ')) {
					const plan = metadata.countries[name] = plans.shift();
					(metadata.country_calling_codes[plan[0]] ??= []).push(name);
				}
				for (const plan of plans) metadata.nonGeographic[plan[0]] = plan;
				export default metadata;
			`;
			return { contents, loader: 'js' };
		});
	},
};

/** Where a country's formats, its leading digits and its types of numbers are in libphonenumber-js' metadata. */
const FORMATS = 4;
const LEADING_DIGITS = 10;
const TYPES = 11;

/** The plan of a country, or of a calling code that no country has. */
function trimmed(plan, countriesByCode) {
	// Countries that have a code in common may be told apart by any type of number.
	const all = countriesByCode[plan[0]]?.length > 1 && !plan[LEADING_DIGITS];
	// The first two are landlines and mobiles.
	const types = plan[TYPES] && (all ? plan[TYPES] : plan[TYPES].slice(0, 2));
	return Object.assign([...plan], { [FORMATS]: 0, [TYPES]: types });
}

/** The longest part of a text that is counted. Longer ones gain nothing. */
const LONGEST_FRAGMENT = 4;

/**
 * Byte pair encoding: what comes most often becomes one character that is not in the text, again and again. The
 * patterns of all countries are half as long so.
 */
function abbreviated(json) {
	const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
	const unused = ascii.filter((sign) => !json.includes(sign) && !'`$\\'.includes(sign));
	const fragments = [];
	let text = json;
	for (const sign of unused) {
		/** How much shorter the text is with each fragment in one character. A plan is a line of its own. */
		const shorter = new Map();
		for (let from = 0; from < text.length; from++) {
			for (let size = 2; size <= LONGEST_FRAGMENT; size++) {
				const fragment = text.slice(from, from + size);
				if (!fragment.includes('\n'))
					shorter.set(fragment, (shorter.get(fragment) ?? 0) + size - 1);
			}
		}
		const [best] = [...shorter].reduce((one, other) => (other[1] > one[1] ? other : one));
		text = text.replaceAll(best, sign);
		fragments.unshift([sign, best]);
	}
	return { text, fragments };
}

/** Libraries are bundled in short syntax. Our own code stays as it is written, for n8n's reviewers. */
const shortLibraries = {
	name: 'short-libraries',
	setup({ onLoad }) {
		onLoad({ filter: /node_modules.*\.js$/ }, async ({ path }) => {
			const { code } = await esbuild.transform(await readFile(path, 'utf8'), {
				minifySyntax: true,
			});
			return { contents: code, loader: 'js' };
		});
	},
};

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
		plugins: [numberingPlans, shortLibraries],
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

/** Writes what the items of the nodes are, where n8n looks for it: beside the nodes. */
async function writeSchemas() {
	const { outputFiles } = await esbuild.build({
		entryPoints: ['operations', 'trigger'].map(
			(folder) => `nodes/Twenty2/${folder}/outputSchemas.ts`,
		),
		outdir: 'dist',
		bundle: true,
		format: 'cjs',
		platform: 'node',
		packages: 'external',
		write: false,
	});
	for (const { text } of outputFiles) {
		const built = { exports: {} };
		new Function('module', 'require', text)(built, require);
		for (const [file, schema] of Object.entries(built.exports.outputSchemas)) {
			const path = join('dist/nodes/Twenty2/__schema__/v1.0.0', file);
			await mkdir(dirname(path), { recursive: true });
			await writeFile(path, JSON.stringify(schema));
		}
	}
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
	watch(['nodes/**', 'credentials/**'], parallel(bundle, copyAssets, writeSchemas));
}

exports.build = series(clean, parallel(checkTypes, bundle, copyAssets, writeSchemas), setModes);
exports.watch = rebuildOnChange;
exports.default = exports.build;
