import type { ICredentialDataDecryptedObject as Credential, IExecuteFunctions } from 'n8n-workflow';

import type { Generation, Twenty2 } from '../api/client';
import { Failure, orFailure, toFailure } from '../api/failure';
import { mediaThrough, type Media } from '../api/media/files';
import { sendThrough, type Sender } from '../api/transport';
import { Access } from '../policy/access';
import { budgetOf } from '../policy/budgets';
import type { Limits } from '../policy/keyLimits';
import { read, type Patience, type Read } from '../policy/retry';
import { logLine } from './logLine';
import { verdictOn } from './retryRule';

/** A request that dials nobody, and how long to retry it. The signal ends the waiting and the retries. */
interface RetriedRequest<T> extends Pick<Read<T>, 'what' | 'send'> {
	patience: Patience;
	signal: AbortSignal;
}

/** Twenty2 as the credential of a node reaches it. */
export interface Connection {
	twenty2: Twenty2;
	/** The files that Twenty2's links lead to. */
	media: Media;
	baseUrl: string;
	/** Opened at its first use, because the process drops the budget of a key that is idle. */
	readonly access: Access;
	limits: Limits;
	/**
	 * Sends a request that dials nobody within the limits of the key, again where the retry rule says so.
	 * @returns the answer, and how many requests were sent for it
	 * @throws Failure that has the number of requests sent, or the signal's reason
	 */
	request<T>(request: RetriedRequest<T>): Promise<{ answer: T; attempts: number }>;
}

/** Gives the connection of an item, or why it has none. */
export type ConnectionOf = (item: number) => Promise<Connection | Failure>;

/**
 * Connects each item of an execution to Twenty2 with its credential. Items with the same credential share a
 * connection. A credential that is the same for all items is read at most twice.
 */
export async function connect(
	n8n: IExecuteFunctions,
	generation: Generation,
): Promise<ConnectionOf> {
	const known = new Map<string, Connection | Failure>();
	const connected = (credential: Credential) => {
		const content = JSON.stringify(credential);
		const connection =
			known.get(content) ??
			orFailure(() => {
				const toApi = connectionWith(n8n, generation, credential);
				return Object.assign(toApi, { media: mediaThrough(n8n, toApi.baseUrl) });
			});
		known.set(content, connection);
		return connection;
	};
	const each: ConnectionOf = async (item) =>
		await credentialOf(n8n, generation, item).then(connected, toFailure);

	const items = n8n.getInputData().length;
	const first = await credentialOf(n8n, generation, 0).catch(toFailure);
	if (first instanceof Failure) return items === 1 ? async () => first : each;
	if (items > 1 && (await isPerItem(n8n, generation, first, items))) return each;
	return async () => connected(first);
}

/**
 * Whether the credential may differ between items. Where it does, n8n rejects an item beyond the last one, or
 * gives something else for it (n8n 1.123 and 2.41).
 * @param first the credential of the first item
 */
async function isPerItem(
	n8n: IExecuteFunctions,
	generation: Generation,
	first: Credential,
	items: number,
): Promise<boolean> {
	// Only an expression leaves a field without a value, and it may yield one for another item.
	const fields: unknown[] = Object.values(first);
	if (fields.includes(undefined) || fields.includes(null)) return true;
	// It is no whole number, so an expression that counts with the index takes it for no other item.
	const beyond = await credentialOf(n8n, generation, items + 0.5).catch(() => undefined);
	return JSON.stringify(beyond) !== JSON.stringify(first);
}

/** Where n8n keeps no files, a connection has no media. */
type ApiConnection = Omit<Connection, 'media'>;

/** @throws Failure `INVALID_INPUT` when the credential is missing or a field of it is wrong */
export async function connectToApi(n8n: Sender, generation: Generation): Promise<ApiConnection> {
	return connectionWith(n8n, generation, await credentialOf(n8n, generation));
}

/** Reads a credential as n8n resolves its expressions for an item. @throws Failure `INVALID_INPUT` */
async function credentialOf(
	n8n: Sender,
	{ credentialType }: Generation,
	item?: number,
): Promise<Credential> {
	return await n8n.getCredentials<Credential>(credentialType, item).catch(({ message }: Error) => {
		throw message.endsWith(UNRESOLVED) ? unresolved(message) : missing(message);
	});
}

/** The end of n8n's message when an expression in a credential cannot be resolved (n8n 1.123 and 2.41). */
const UNRESOLVED = ' [Error resolving credentials]';

function unresolved(message: string): Failure {
	return Failure.ofInput(
		'INVALID_INPUT',
		`An expression in the Twenty2 credential could not be worked out: ${message.slice(0, -UNRESOLVED.length)}`,
		'Open the credential and check what its expressions yield for this item',
	);
}

function missing(message: string): Failure {
	return Failure.ofInput('INVALID_INPUT', message, 'Choose a Twenty2 credential');
}

/** @throws Failure `INVALID_INPUT` when a field of the credential is wrong */
function connectionWith(
	n8n: Sender,
	generation: Generation,
	credential: Credential,
): ApiConnection {
	const { credentialType } = generation;
	const account = generation.account(credential);
	const { apiKey, baseUrl, limits } = account;
	const credentialId = n8n.getNode().credentials?.[credentialType]?.id ?? '';
	let opened: Access | undefined;
	const access = () =>
		(opened ??= new Access(
			budgetOf(apiKey, baseUrl, limits, credentialId),
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
			const reading = { what, send: counted, verdictOn };
			const answer = await read(access(), 'read', reading, patience, signal).catch(
				(error: unknown) => {
					// The reason of the signal is no failure of the request.
					if (signal.aborted && !(error instanceof Failure)) throw error;
					throw toFailure(error).with({ attempts });
				},
			);
			return { answer, attempts };
		},
	};
}
