import type { INodeProperties } from 'n8n-workflow';

import { failureOnly, orFailure } from '../api/failure';
import type { JsonObject } from '../json';
import { turnAt } from '../policy/ledger';
import { callingHours, callingHoursOf, checkHours } from './create/callingHours';
import { additionalBodyFields, callee, newCall, newCallFields } from './create/newCall';
import { dryRun, isDryRun, preview } from './create/dryRun';
import { besideInput, includeInputFields } from './create/inputFields';
import { maxCalls, maxCallsOf, withinMaxCalls } from './create/maxCalls';
import { atMostOnce, deduplicationKey, KeyOfCall, keyOf, TrancheOfCall } from './create/atMostOnce';
import { lookForEarlierCall } from './create/findLostCall';
import { alreadyPlaced, placeCall } from './create/placeCall';
import {
	knownEnd,
	maxWaitMinutes,
	pollIntervalSeconds,
	pollingOf,
	waitForCompletion,
	waitForEnd,
	waitNotice,
	whenWaiting,
} from './create/waitForEnd';
import { withFiles } from './callFiles';
import { mediaFields, mediaWanted } from './fields/media';
import { optionsField, requestOptionFields, requestOptionsOf } from './fields/options';
import { chosenOutput, outputChoice } from './fields/output';
import { yesOrNo } from './fields/schemas';
import type { Operation, Output, Rest } from './operation';

const retryUnknownOutcome: INodeProperties = {
	displayName: 'Call Again When Unsure (May Phone Twice)',
	name: 'retryUnknownOutcome',
	type: 'boolean',
	default: false,
	description:
		'Whether to phone again when no answer tells if the person was phoned. The person may then be phoned twice.',
};

const shownWhenWaiting = { operation: ['createCall'], waitForCompletion: [true] };

/** In the order in which they are needed. */
const options = [
	dryRun,
	callingHours,
	deduplicationKey,
	maxCalls,
	includeInputFields,
	...mediaFields.map((field) => ({
		...field,
		displayOptions: { show: { ...field.displayOptions?.show, ...whenWaiting.show } },
	})),
	maxWaitMinutes,
	pollIntervalSeconds,
	...requestOptionFields,
	retryUnknownOutcome,
	additionalBodyFields,
];

/** Places one call, at most once, and waits for its end if that is wanted. */
export const createCall: Operation = {
	option: {
		name: 'Create Call',
		value: 'createCall',
		// n8n tells a model this of the tool.
		action: 'Phone a person (a real call)',
		description: 'Have an assistant phone a person',
	},
	fields: [
		...newCallFields,
		waitForCompletion,
		waitNotice,
		...outputChoice(shownWhenWaiting),
		optionsField(options, { show: { operation: ['createCall'] } }),
	],
	dials: true,

	isDryRun,

	shownAnyway(parameters, twenty2) {
		const json = callee(parameters, twenty2);
		const isWithInput = orFailure(() => parameters.isSwitchedOn(includeInputFields));
		return isWithInput === true ? besideInput({ json }, parameters.input).json : json;
	},

	check(parameters, connection, { isDryRun: isDry, plannedCalls }) {
		const { twenty2, media } = connection;
		const call = newCall(parameters, twenty2);
		const requestOptions = requestOptionsOf(parameters);
		const retry = { retryUnknownOutcome: parameters.readOption(retryUnknownOutcome, yesOrNo) };
		const key = keyOf(parameters);
		const hours = callingHoursOf(parameters, call.toNumber);
		const checkTime = () => checkHours(hours, Date.now());
		const polling = pollingOf(parameters);
		const outputOf = polling && chosenOutput(parameters, twenty2);
		const wanted = mediaWanted(parameters);
		const refresh = wanted.recording || wanted.transcript;

		const { item } = parameters;
		const mostCalls = maxCallsOf(parameters);
		const isWithInput = parameters.isSwitchedOn(includeInputFields);
		const shown = (output: Output) =>
			isWithInput ? besideInput(output, parameters.input) : output;
		if (isDry) {
			const { maxWaitMs } = polling ?? {};
			const circumstances = { item, hours, key, mostCalls, maxWaitMs, plannedCalls };
			const json = preview(call, circumstances);
			return async () => [shown({ json })];
		}
		if (key !== undefined) plannedCalls.note(key, item, call.toNumber);

		return async (run) => {
			const { access } = connection;
			const { ends, missingLinks, signal, canceled } = run;
			const entry = run.ledger.entry(item, call.toNumber);
			const context = { twenty2, access, requestOptions, ends, signal };
			const record =
				key === undefined
					? new TrancheOfCall(run.marks.trancheOf(item, call.toNumber), entry, run.marks)
					: new KeyOfCall(key, entry, run.keys, requestOptions.timeoutMs);
			const place = async () => {
				const answer = alreadyPlaced(entry, retry);
				if (!answer) {
					const options = { ...context, ...retry, canceled, record, checkTime };
					const end = await withinMaxCalls(entry, mostCalls, run.ledger, signal);
					const placed = await placeCall(call, entry, options).finally(end);
					if (typeof placed === 'string') return placed;
					// A call that is not waited for holds no line once it is placed.
					if (!polling) placed.release();
					return { ...placed, resumed: false };
				}
				// A call of an earlier try holds a line again while it is waited for.
				const holdsLine = polling && !knownEnd(entry);
				const release = holdsLine ? access.holdLine(answer.call_id) : () => undefined;
				return { answer, release, resumed: true };
			};
			const lookUp = async () => {
				if (retry.retryUnknownOutcome)
					await lookForEarlierCall(call, entry, { ...context, canceled });
			};

			const leave = await turnAt(entry, signal);
			const placing = atMostOnce(record, signal, { place, lookUp });
			const { answer, release, resumed } = await placing.finally(leave);
			const note = resumed && run.ledger.isTool ? { note: phonedAlready } : {};
			if (!polling || !outputOf) return [shown({ json: { ...answer, ...note } })];

			const waiting = { ...context, polling, resumed, refresh };
			const body = await waitForEnd(answer.call_id, entry, waiting).finally(release);
			const files = {
				outputOf: (read: JsonObject) => ({ ...outputOf(read), ...note }),
				...{ twenty2, access, media, body, wanted, justEnded: !resumed },
				...{ missingLinks, requestOptions, signal, attempts: entry.attempts },
			};
			// The next call need not wait for the files of this one.
			return async () => (await withFiles(files).then(finished).catch(asPlaced)).map(shown);
		};
	},
};

/** Told to a model that has called a tool again. */
const phonedAlready =
	'This person was phoned already in this execution, by this call, and was not phoned again.';

const finished = async (done: Output[] | Rest) => (done instanceof Function ? await done() : done);

/** The failure of a download after the call was placed. */
function asPlaced(error: unknown): never {
	throw failureOnly(error).with({ outcome: 'placed' });
}
