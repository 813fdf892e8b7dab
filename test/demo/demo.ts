/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- never part of the package */
import { step } from '../../.ci/step.mjs';
import { reportError, UserError } from '../../.ci/userError.mjs';
import { startSandbox } from '../../sandbox';
import { installedN8n } from '../e2e/install';
import { startN8n } from '../e2e/n8n';
import { baseUrlOf, putCredentials } from './credentials';
import { putExamples } from './examples';
import { demoFolder } from './folder';
import { putLeads } from './leads';
import { owner } from './owner';
import { chosenPorts, expectFree } from './ports';
import { runFirst } from './run';
import { stopRequested } from './stopRequested';
import { tarball } from './tarball';
import { untilEnded } from './untilEnded';
import { welcome } from './welcome';

/** Functions that stop what was started, in the order of the starts. */
const stops: Array<() => Promise<void>> = [];

/** Starts everything, runs the first example, and then waits. It only ends with an error. */
async function demonstrate(): Promise<void> {
	const ports = chosenPorts();
	for (const port of Object.values(ports)) await expectFree(port);
	const sandbox = await startSandbox({ port: ports.sandbox.number });
	stops.push(async () => await sandbox.close());

	await installedN8n();
	const folder = await demoFolder();
	const packed = await step('Building the node', async () => await tarball(folder));
	const n8n = await step(
		'Starting n8n',
		async () =>
			await startN8n({
				tarball: packed,
				home: { folder, owner },
				env: {
					N8N_PORT: String(ports.editor.number),
					GENERIC_TIMEZONE: Intl.DateTimeFormat().resolvedOptions().timeZone,
				},
			}),
	).catch((error: Error) => {
		throw error.message.includes('/login was answered 401') ? lockedOut(folder) : error;
	});
	stops.push(async () => await n8n.stop());

	const credentials = await putCredentials(n8n, sandbox);
	const examples = await putExamples(n8n, credentials);
	await putLeads(n8n);
	const first = examples.get('crm-row-to-call.json');
	// The user may have changed the example or its base URL: it could then phone real people.
	const isSafe =
		(await baseUrlOf(n8n, credentials.twenty2Api)) === sandbox.url && first?.changed === false;
	console.log(
		isSafe
			? await step(`Running "${first.name}"`, async () => await runFirst(n8n, first))
			: `"${first?.name}" or its credential was changed since, so it was not run.`,
	);
	console.log(`\n${welcome(n8n, sandbox)}\n`);
	await untilEnded(n8n);
}

/** The user has changed the owner's password. */
function lockedOut(folder: string): UserError {
	const { email, password } = owner;
	return new UserError(
		`n8n no longer lets ${email} in with the password ${password}: set it back there, or delete ${folder} to begin anew, and run this again.`,
	);
}

async function stopAll(): Promise<void> {
	for (const stop of stops.reverse()) await stop();
}

async function main(): Promise<void> {
	try {
		await Promise.race([demonstrate(), stopRequested]);
		console.log('\nStopping');
	} catch (error) {
		reportError(error);
	}
	await stopAll();
	process.exit();
}

void main();
