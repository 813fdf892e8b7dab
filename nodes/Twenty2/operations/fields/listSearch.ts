import { DateTime, IANAZone } from 'luxon';
import {
	NodeOperationError,
	type ILoadOptionsFunctions,
	type INodeListSearchItems,
	type INodeListSearchResult,
} from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure, toFailure } from '../../api/failure';
import type { CallField } from '../../api/responses';
import { authentication, generationName, generations } from '../../connection/authentication';
import { connectToApi } from '../../connection/connect';
import type { JsonObject } from '../../json';
import { chooseAgain, FieldReader } from './parameters';
import { byId, byNumber } from './resourceLocator';

const TIMEOUT_MS = 10_000;

/** How long an opening list waits while running workflows use up the limit of the key. */
const MAX_WAIT_MS = 5_000;

const patience = { maxRetries: 1, giveUpAfterMs: MAX_WAIT_MS };

/** What fills the lists of the resource locators, by the names that the fields give. */
export const listSearch = {
	async searchAssistants(this: ILoadOptionsFunctions): Promise<INodeListSearchResult> {
		return await itemsOf(this, 'assistant_id', byId.displayName);
	},
	async searchFromNumbers(this: ILoadOptionsFunctions): Promise<INodeListSearchResult> {
		return await itemsOf(this, 'from_number', byNumber.displayName);
	},
};

/**
 * What the calls of the workspace have in one field, because Twenty2 has no list of assistants or numbers.
 * @param otherMode in which the value is typed in
 * @throws NodeOperationError, which the editor shows in the place of the list, also of an empty one
 */
async function itemsOf(
	n8n: ILoadOptionsFunctions,
	field: Extract<CallField, 'assistant_id' | 'from_number'>,
	otherMode: string,
): Promise<INodeListSearchResult> {
	const calls = await listedCalls(n8n, otherMode).catch((error: unknown) => {
		const { message, description = '' } = toFailure(error).fields;
		throw new NodeOperationError(n8n.getNode(), `${message}. ${description}`);
	});
	const results = distinctIn(calls, field, n8n.getTimezone());
	if (results.length > 0) return { results };
	throw new NodeOperationError(
		n8n.getNode(),
		`The list is made of past calls, and there are none yet: choose ${otherMode} and paste it.`,
	);
}

/** @returns the calls under their public names @throws Failure */
async function listedCalls(n8n: ILoadOptionsFunctions, otherMode: string): Promise<JsonObject[]> {
	const fields = new FieldReader((...asked) => n8n.getNodeParameter(...asked), chooseAgain);
	const generation = generations[fields.read(authentication, generationName)];
	const { twenty2, request } = await connectToApi(n8n, generation);
	const { listCalls, unify } = twenty2;
	if (!listCalls) {
		throw Failure.ofInput(
			'INVALID_INPUT',
			'Twenty2 has no list for an API key',
			`Choose ${otherMode} and paste it from Twenty2.`,
		);
	}

	const signal = AbortSignal.timeout(MAX_WAIT_MS);
	const listing = request({
		what: 'Listing calls to choose from',
		send: async () => await listCalls({}, { timeoutMs: TIMEOUT_MS }),
		patience,
		signal,
	});
	const { answer } = await listing.catch((reason: unknown) => {
		if (reason !== signal.reason) throw reason;
		throw Failure.ofInput(
			'INVALID_INPUT',
			'Running workflows use up the limit of this key',
			`Open the list again in a minute, or choose ${otherMode}.`,
		);
	});
	return answer.map(unify);
}

const withValue = z.string().check(z.minLength(1));
const started = z.catch(
	z.pipe(z.iso.datetime({ offset: true }), z.transform(Date.parse)),
	Number.NEGATIVE_INFINITY,
);

/** The different values of a field, with how often each occurs and when last. The newest call's value comes first. */
export function distinctIn(
	calls: JsonObject[],
	field: CallField,
	timezone: string,
): INodeListSearchItems[] {
	const found = new Map<string, { count: number; last: number }>();
	for (const call of calls) {
		const value = withValue.safeParse(call[field]).data;
		// The number that an inbound call comes from is somebody else's.
		if (value === undefined || call.direction === 'inbound') continue;
		const { count, last } = found.get(value) ?? { count: 0, last: Number.NEGATIVE_INFINITY };
		found.set(value, { count: count + 1, last: Math.max(last, started.parse(call.started_at)) });
	}
	const zone = IANAZone.isValidZone(timezone) ? timezone : 'utc';
	return [...found]
		.sort(([, one], [, other]) => (one.last === other.last ? 0 : other.last - one.last))
		.map(([value, { count, last }]) => {
			const calls = count === 1 ? '1 call' : `${count} calls`;
			const at = DateTime.fromMillis(last, { zone }).toFormat('d LLL yyyy, HH:mm');
			const when = Number.isFinite(last) ? `, last on ${at}` : '';
			return { name: `${value} (${calls}${when})`, value };
		});
}
