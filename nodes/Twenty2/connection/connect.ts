import type { IExecuteFunctions } from 'n8n-workflow';

import type { Generation, Twenty2 } from '../api/client';
import { Failure, toFailure } from '../api/failure';
import { mediaThrough, type Media } from '../api/media/files';
import { sendThrough, type Sender } from '../api/transport';
import { budgetOf, type Access } from '../policy/budget';
import type { Limits } from '../policy/keyLimits';
import { send, type Patience } from '../policy/retry';
import { logLine } from './logLine';
import { verdictOn } from './retryRule';

/** A request that dials nobody, and how long to retry it. */
export interface RetriedRequest<T> {
	/** For the log. It must not identify a person. */
	what: string;
	/** One attempt. @throws Failure */
	send: () => Promise<T>;
	patience: Patience;
	/** Ends the waiting and the retries. */
	signal: AbortSignal;
}

/** Twenty2's API as the credential of a node reaches it. */
export interface ApiConnection {
	twenty2: Twenty2;
	/** Twenty2's address. */
	baseUrl: string;
	/**
	 * The access to the budget of the credential's key. It is opened at its first use, because the
	 * process drops a budget that is idle.
	 */
	readonly access: Access;
	/** What Twenty2 allows the key. */
	limits: Limits;
	/**
	 * Sends a request that dials nobody within the limits of the key, again where the retry rule says so.
	 * @returns the answer, and how many requests were sent for it
	 * @throws Failure that has the number of requests sent, or the signal's reason
	 */
	request<T>(request: RetriedRequest<T>): Promise<{ answer: T; attempts: number }>;
}

/** Twenty2 with all that an execution may need of it. */
export interface Connection extends ApiConnection {
	/** The files that Twenty2's links lead to. */
	media: Media;
}

/** Connects an execution to Twenty2. @throws Failure as `connectToApi` */
export async function connect(n8n: IExecuteFunctions, generation: Generation): Promise<Connection> {
	const connection = await connectToApi(n8n, generation);
	return Object.assign(connection, { media: mediaThrough(n8n, connection.baseUrl) });
}

/**
 * Reads the credential of a node and connects to Twenty2's API with it.
 * @throws Failure `INVALID_INPUT` when the credential is missing or a field of it is wrong
 */
export async function connectToApi(n8n: Sender, generation: Generation): Promise<ApiConnection> {
	const { credentialType } = generation;
	const credential = await n8n.getCredentials(credentialType).catch((error: Error) => {
		throw Failure.ofInput('INVALID_INPUT', error.message, 'Choose a Twenty2 credential');
	});
	const account = generation.account(credential);
	const { apiKey, baseUrl, limits } = account;
	const { id } = n8n.getNode().credentials?.[credentialType] ?? {};
	const credentialId = id ?? '';
	let opened: Access | undefined;
	const access = () =>
		(opened ??= budgetOf(apiKey, baseUrl, limits, credentialId).open(
			(message) => n8n.logger.debug(logLine(message)),
			credentialId,
		));
	return {
		twenty2: generation.speak(sendThrough(n8n, credentialType, credential, baseUrl), account),
		baseUrl,
		limits,

		get access() {
			return access();
		},

		async request({ what, send: attempt, patience, signal }) {
			let attempts = 0;
			const counted = async () => {
				attempts++;
				return await attempt();
			};
			// Only a create needs a line, so every other request takes the lane of the reads.
			const { reads } = access();
			const outgoing = { what, send: counted, judge: verdictOn };
			const answer = await send(outgoing, patience, reads, signal).catch((error: unknown) => {
				// The reason of the signal is no failure of the request.
				if (signal.aborted && !(error instanceof Failure)) throw error;
				throw toFailure(error).with({ attempts });
			});
			return { answer, attempts };
		},
	};
}
