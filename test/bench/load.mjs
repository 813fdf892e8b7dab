// How long the nodes and credentials take to load in a fresh process that has n8n-workflow already,
// as n8n has when it loads community packages. Prints the median of 21 processes.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../..', import.meta.url));
const { n8n } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const files = JSON.stringify([...n8n.nodes, ...n8n.credentials].map((file) => `./${file}`));

const measure = `
	require('n8n-workflow');
	const from = performance.now();
	for (const file of ${files}) require(file);
	console.log(performance.now() - from);
`;
const times = Array.from({ length: 21 }, () =>
	Number(execFileSync(process.execPath, ['-e', measure], { cwd: project, encoding: 'utf8' })),
).sort((a, b) => a - b);
console.log(`loads in ${times[10].toFixed(1)} ms (fastest ${times[0].toFixed(1)} ms)`);
