import type {
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialTestResult,
} from 'n8n-workflow';

import type { Account } from '../api/account';
import { apiKey } from '../api/apiKey';
import type { Generation } from '../api/client';
import { answered, type HttpAnswer, type Send } from '../api/http';
import { refusalIn } from '../api/refusal';
import { unanswered } from '../api/transport';
import { workspace } from '../api/workspace';
import { verdictOn } from './retryRule';
import { attempt } from '../policy/retry';
import { budgetOf } from '../policy/budgets';

const TIMEOUT_MS = 10_000;

/** How long to wait for a place among the requests of running workflows. */
const PATIENCE_MS = 5_000;

/** No call has this ID. */
const NO_CALL = 'n8n-connection-test';

/** By the names under which the nodes' credentials are tested. */
export const connectionTests = {
	async testApiKey(this: ICredentialTestFunctions, { data }: ICredentialsDecrypted) {
		return await testConnection(this, apiKey, data);
	},
	async testWorkspace(this: ICredentialTestFunctions, { data }: ICredentialsDecrypted) {
		return await testConnection(this, workspace, data);
	},
};

/**
 * Tells whether a credential works, by a read that only the right key at the right address is answered
 * as Twenty2 documents: a workspace lists its calls, and the other generation, which has no list,
 * looks up a call that is not there. Never places a call.
 */
async function testConnection(
	n8n: ICredentialTestFunctions,
	generation: Generation,
	credential: unknown,
): Promise<INodeCredentialTestResult> {
	return await prove(n8n, generation, credential).then(
		() => ({ status: 'OK', message: 'Connection successful' }),
		(error: Error) => ({ status: 'Error', message: error.message }),
	);
}

async function prove(
	n8n: ICredentialTestFunctions,
	{ account: read, speak }: Generation,
	credential: unknown,
): Promise<void> {
	const account = read(credential);
	let answer: HttpAnswer | undefined;
	const send = sendSigned(n8n, account);
	const twenty2 = speak(async (request) => (answer = await send(request)));
	const { listCalls } = twenty2;
	const timing = { timeoutMs: TIMEOUT_MS };
	const ask = async () =>
		listCalls ? await listCalls({}, timing) : await twenty2.getCall(NO_CALL, timing);
	await withinLimits(account, ask).catch((failure: unknown) => {
		const refusal = answer && refusalIn(answer);
		if (refusal?.code === 'CALL_NOT_FOUND') return;
		const { baseUrl } = account;
		// A server says so in the same envelope of an address that it does not have.
		if (refusal?.status === 404) throw wrongAddress(`Twenty2 has no calls at ${baseUrl}`);
		if (refusal || !answer) throw failure;
		throw wrongAddress(`${baseUrl} does not answer as Twenty2 does (status ${answer.status})`);
	});
}

const wrongAddress = (what: string) =>
	new Error(
		`${what}. Check Base URL: it is https://api.twentytwo.in, unless Twenty2 gave you another.`,
	);

/** The test counts among the key's requests, but it does not wait behind a whole campaign. */
async function withinLimits(
	{ apiKey, baseUrl, limits }: Account,
	send: () => Promise<unknown>,
): Promise<void> {
	const signal = AbortSignal.timeout(PATIENCE_MS);
	const { reads } = budgetOf(apiKey, baseUrl, limits).open();
	const test = { what: 'Connection test', send, judge: verdictOn };
	const impatient = { maxRetries: 0, giveUpAfterMs: 0 };
	await attempt(test, impatient, reads, signal).catch((reason: unknown) => {
		if (reason !== signal.reason) throw reason;
		throw new Error('Running workflows use up the limit of this key. Test it again in a minute.');
	});
}

/** n8n gives a connection test its older request helper only, which does not sign. */
function sendSigned({ helpers }: ICredentialTestFunctions, account: Account): Send {
	return async ({ kind, method, path, query, timeoutMs }) => {
		const response: unknown = await helpers
			.request({
				method,
				uri: account.baseUrl + path,
				qs: query,
				headers: account.headers,
				json: true,
				timeout: timeoutMs,
				simple: false,
				followRedirect: false,
				resolveWithFullResponse: true,
			})
			.catch((error: unknown) => {
				throw unanswered(error, kind, account.baseUrl, timeoutMs);
			});
		return answered(response);
	};
}
