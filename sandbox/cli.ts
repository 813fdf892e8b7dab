/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { parseArgs } from 'node:util';
import * as z from 'zod/v4';
import { defaultAccounts } from './accounts';
import { callsPaths } from './apiKey';
import { magicNumbers, startSandbox } from './index';

const usage = `Usage: npm run sandbox -- [options]
  --port 4022                where to listen on 127.0.0.1
  --calls-path /v1/calls     where the API key generation has its calls, or /api/calls
  --requests-per-minute 60   requests of any kind a key may send in any minute
  --window-ms 60000          how long that minute is
  --concurrent-calls 3       calls a key may have going
  --never-refuse-calls       only count calls beyond them
  --ring-ms 500              how long calls ring
  --talk-ms 2000             how long they last once answered
  --sleeps-at-night          queue calls between 21:00 and 9:00 India time until 9:00
  --retry-after              say in Retry-After how long to wait`;

const count = z.coerce.number().int().nonnegative();
const options = z.object({
	port: count,
	'calls-path': z.enum(callsPaths).default('/v1/calls'),
	'requests-per-minute': count.optional(),
	'window-ms': count.optional(),
	'concurrent-calls': count.optional(),
	'never-refuse-calls': z.boolean().optional(),
	'ring-ms': count.optional(),
	'talk-ms': count.optional(),
	'sleeps-at-night': z.boolean().optional(),
	'retry-after': z.boolean().optional(),
});

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '4022' },
			'calls-path': { type: 'string' },
			'requests-per-minute': { type: 'string' },
			'window-ms': { type: 'string' },
			'concurrent-calls': { type: 'string' },
			'never-refuse-calls': { type: 'boolean' },
			'ring-ms': { type: 'string' },
			'talk-ms': { type: 'string' },
			'sleeps-at-night': { type: 'boolean' },
			'retry-after': { type: 'boolean' },
			help: { type: 'boolean' },
		},
	});
	if (values.help) return console.log(usage);

	const chosen = options.parse(values);
	const { url } = await startSandbox({
		port: chosen.port,
		callsPath: chosen['calls-path'],
		requestsPerMinute: chosen['requests-per-minute'],
		windowMs: chosen['window-ms'],
		concurrentCalls: chosen['concurrent-calls'],
		refuseConcurrent: !chosen['never-refuse-calls'],
		ringMs: chosen['ring-ms'],
		talkMs: chosen['talk-ms'],
		sleepsAtNight: chosen['sleeps-at-night'],
		retryAfter: chosen['retry-after'],
		onRequest: ({ method, path, status }) =>
			console.log(`${method} ${path} ${status ?? 'no answer'}`),
	});
	console.log(greeting(url, chosen['calls-path']));
}

function greeting(url: string, callsPath: string): string {
	const { apiKeys, workspaceKeys, assistants } = defaultAccounts;
	return [
		`Twenty2 sandbox on ${url}`,
		'',
		`API key generation, ${callsPath}`,
		...apiKeys.map(({ key, access }) => `  ${key}${access ? '' : ' (403)'}`),
		'Workspace generation, /api',
		...workspaceKeys.map(
			({ key, secret, workspaceId, access }) =>
				`  ${key} / ${secret} in ${workspaceId}${access ? '' : ' (403)'}`,
		),
		'Assistants',
		...assistants.map(({ id, published }) => `  ${id}${published ? '' : ' (not published)'}`),
		'Numbers that misbehave',
		...Object.entries(magicNumbers).map(
			([number, behaviour]) =>
				`  ${number}  ${typeof behaviour === 'string' ? behaviour : JSON.stringify(behaviour)}`,
		),
		`What it saw: ${url}/sandbox`,
		'',
	].join('\n');
}

main().catch((error: unknown) => {
	const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
	console.error(`${reason}\n\n${usage}`);
	process.exitCode = 1;
});
