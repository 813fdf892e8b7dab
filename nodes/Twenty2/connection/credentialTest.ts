import type {
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialTestResult,
} from 'n8n-workflow';

import type { Account } from '../api/account';
import { apiKey } from '../api/apiKey';
import type { Generation } from '../api/client';
import { adviceFor } from '../api/failure';
import { refusalIn } from '../api/refusal';
import { withinTime } from '../api/requestTimeout';
import { readAnswer, unanswered, type HttpAnswer, type Send } from '../api/transport';
import { workspace } from '../api/workspace';
import { Access } from '../policy/access';
import { budgetToTest } from '../policy/budgets';
import { read } from '../policy/retry';
import { verdictOn } from './retryRule';

const TIMEOUT_MS = 10_000;

/** How long the test waits while running workflows use up the limit of the key. */
const MAX_WAIT_MS = 5_000;

/** An ID that no call has. */
const NO_CALL = 'n8n-connection-test';

/** The tests, by the names that the nodes give in `testedBy`. */
export const connectionTests = {
	async testApiKey(this: ICredentialTestFunctions, { data }: ICredentialsDecrypted) {
		return await testConnection(this, apiKey, data);
	},
	async testWorkspace(this: ICredentialTestFunctions, { data }: ICredentialsDecrypted) {
		return await testConnection(this, workspace, data);
	},
};

/**
 * Tests a credential with a read, which succeeds only where key and address are right. The API-key generation
 * cannot list calls, so its test looks up a call that does not exist.
 */
async function testConnection(
	n8n: ICredentialTestFunctions,
	generation: Generation,
	credential: unknown,
): Promise<INodeCredentialTestResult> {
	return await checkCredential(n8n, generation, credential).then(
		() => ({ status: 'OK', message: 'Connection successful' }),
		(error: Error) => ({ status: 'Error', message: error.message }),
	);
}

/** @throws Error that says in a sentence why the credential does not work */
async function checkCredential(
	n8n: ICredentialTestFunctions,
	generation: Generation,
	credential: unknown,
): Promise<void> {
	const account = generation.account(credential);
	let answer: HttpAnswer | undefined;
	const send = sendSigned(n8n, account);
	const keepAnswer: Send = async (request) => (answer = await send(request));
	const { listCalls, getCall } = generation.speak(keepAnswer, account);
	const timing = { timeoutMs: TIMEOUT_MS };
	const read = async () =>
		listCalls ? await listCalls({}, timing) : await getCall(NO_CALL, timing);
	await withinLimits(account, read).catch((failure: Error) => {
		const refusal = answer && refusalIn(answer);
		if (refusal?.code === 'CALL_NOT_FOUND') return;
		const { baseUrl, callsPath = '' } = account;
		const address = baseUrl + callsPath;
		// A server sends the same envelope for a path that it does not have.
		if (refusal?.status === 404) throw wrongAddress(`Twenty2 has no calls at ${address}`, account);
		if (refusal?.status === 401) {
			throw new Error(`${failure.message.replace(/\.?$/, '.')} ${adviceFor('UNAUTHORIZED')}.`);
		}
		if (refusal || !answer) throw failure;
		const { status } = answer;
		throw wrongAddress(`${address} does not answer as Twenty2 does (status ${status})`, account);
	});
}

const wrongAddress = (what: string, { callsPath }: Account) =>
	new Error(
		`${what}. Check Base URL: it is https://api.twentytwo.in, unless Twenty2 gave you another.` +
			(callsPath === undefined ? '' : ' Then try the other Calls Path.'),
	);

/**
 * Sends the test within the limits of the key, and waits for five seconds at most. The limits of the credential
 * may not be saved yet, so they change nothing for running workflows.
 */
async function withinLimits(
	{ apiKey, baseUrl, limits }: Account,
	send: () => Promise<unknown>,
): Promise<void> {
	const signal = AbortSignal.timeout(MAX_WAIT_MS);
	const access = new Access(budgetToTest(apiKey, baseUrl, limits));
	const test = { what: 'Connection test', send, verdictOn };
	const noRetries = { maxRetries: 0, giveUpAfterMs: 0 };
	await read(access, 'read', test, noRetries, signal).catch((reason: unknown) => {
		if (reason !== signal.reason) throw reason;
		throw new Error('Running workflows use up the limit of this key. Test it again in a minute.');
	});
}

/** n8n gives a connection test only its older request helper, which does not sign requests. */
function sendSigned({ helpers }: ICredentialTestFunctions, account: Account): Send {
	return async ({ method, path, query, timeoutMs, maxBytes, ...traits }) => {
		const sendOnce = async () => {
			const response: unknown = await helpers.request({
				method,
				uri: account.baseUrl + path,
				qs: query,
				headers: account.headers,
				json: true,
				useStream: true,
				timeout: timeoutMs,
				simple: false,
				followRedirect: false,
				resolveWithFullResponse: true,
			});
			return await readAnswer(response, maxBytes);
		};
		return await withinTime(timeoutMs, undefined, sendOnce).catch((error: unknown) => {
			throw unanswered(error, traits, account.baseUrl, timeoutMs);
		});
	};
}
