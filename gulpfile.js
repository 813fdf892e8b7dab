'use strict';

const { execFile } = require('node:child_process');
const { rm } = require('node:fs/promises');
const { promisify } = require('node:util');
const esbuild = require('esbuild');
const { dest, parallel, series, src } = require('gulp');

const { n8n } = require('./package.json');

const assets = ['nodes/**/*.{svg,json}'];

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
 * One self-contained file a node and a credential, readable as n8n's reviewers want it. The package
 * may have no dependencies and the bundle no timers or global scope of its own (n8n's verification
 * rules), so libraries that expect them are given what `timers.ts` makes of n8n-workflow.
 */
async function bundle() {
	await esbuild.build({
		entryPoints: [...n8n.nodes, ...n8n.credentials].map((file) =>
			file.replace(/^dist\//, '').replace(/\.js$/, '.ts'),
		),
		outdir: 'dist',
		outbase: '.',
		bundle: true,
		platform: 'node',
		target: 'node20',
		format: 'cjs',
		external: ['n8n-workflow'],
		inject: ['nodes/Twenty2/policy/timers.ts'],
		define: { globalThis: 'bundleScope' },
		treeShaking: true,
		logLevel: 'warning',
	});
}

function copyAssets() {
	return src(assets, { base: '.', encoding: false }).pipe(dest('dist'));
}

exports.build = series(clean, parallel(checkTypes, bundle, copyAssets));
exports.default = exports.build;
