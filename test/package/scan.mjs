// n8n's verification scan of a folder, offline: node scan.mjs <folder> <pattern> ...
// Prints what it found as JSON, warnings too, which the scan itself keeps to itself. A process of
// its own, because the scan's rules go easy on file names where NODE_ENV is "test".
import { analyzePackage, buildScanConfig } from '@n8n/scan-community-package/scanner/scanner.mjs';
import { ESLint } from 'eslint';

const [folder, ...patterns] = process.argv.slice(2);
const eslint = new ESLint({
	cwd: folder,
	allowInlineConfig: false,
	errorOnUnmatchedPattern: false,
	overrideConfigFile: true,
	overrideConfig: await buildScanConfig(),
});
const results = await eslint.lintFiles(patterns);

const found = {
	scan: await analyzePackage(folder, patterns),
	files: results.length,
	messages: results.flatMap(({ filePath, messages }) =>
		messages.map(({ ruleId, message }) => `${filePath}: ${ruleId}: ${message}`),
	),
};
console.log(JSON.stringify(found));
