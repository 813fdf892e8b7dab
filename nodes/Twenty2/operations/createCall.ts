import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { NewCall, Twenty2 } from '../api/client';
import { Failure, failureOnly } from '../api/failure';
import { jsonObject } from '../json';
import { turnAt } from '../policy/ledger';
import { inputParameterFields, inputParametersOf } from './create/inputParameters';
import { deduplicationKey, keyOf, oncePerKey } from './create/oncePerKey';
import { countryOrNone, defaultCountry, dialable } from './create/phoneNumber';
import { lookForEarlierCall } from './create/findLostCall';
import { alreadyPlaced, placeCall, type SendRecord } from './create/placeCall';
import {
	knownEnd,
	maxWaitMinutes,
	pollIntervalSeconds,
	pollingOf,
	waitForCompletion,
	waitForEnd,
	whenWaiting,
} from './create/waitForEnd';
import { jsonOrText, objectIn } from './fields/jsonField';
import {
	downloadRecording,
	includeTranscript,
	maxRecordingSize,
	mediaWanted,
	withMedia,
} from './fields/media';
import {
	giveUpAfterSeconds,
	maxRetries,
	requestOptionsOf,
	requestTimeoutSeconds,
	simplify,
} from './fields/options';
import { checked, whereToLook, type Parameters } from './fields/parameters';
import { identifier, yesOrNo } from './fields/schemas';
import type { Operation } from './operation';

const displayOptions = { show: { operation: ['createCall'] } };

const assistantId: INodeProperties = {
	displayName: 'Assistant ID',
	name: 'assistantId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. asst_5d41402a',
	description:
		'The assistant that makes the call. In Twenty2, open the three-dot menu of a published assistant and choose Copy Assistant ID.',
	displayOptions,
};

const fromNumber: INodeProperties = {
	displayName: 'From Number',
	name: 'fromNumber',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. +917971441943',
	description: 'The number the call comes from. It is one of yours: see Manage Numbers in Twenty2.',
	hint: 'With + and country code, unless the option Default Country is set',
	displayOptions,
};

const toNumber: INodeProperties = {
	displayName: 'To Number',
	name: 'toNumber',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. +919876543210',
	description: 'The number of the person to call',
	hint: 'With + and country code, unless the option Default Country is set',
	displayOptions,
};

const additionalBodyFields: INodeProperties = {
	displayName: 'Additional Body Fields',
	name: 'additionalBodyFields',
	type: 'json',
	default: '{}',
	description:
		'A JSON object that is merged into what Twenty2 is sent, for settings that this node has no field for yet',
};

const retryUnknownOutcome: INodeProperties = {
	displayName: 'Retry Unknown Outcome',
	name: 'retryUnknownOutcome',
	type: 'boolean',
	default: false,
	description:
		'Whether to place a call again when no answer tells if it was placed. The person may then be phoned twice.',
};

const shownWhenWaiting = { show: { operation: ['createCall'], waitForCompletion: [true] } };

const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		additionalBodyFields,
		deduplicationKey,
		defaultCountry,
		{ ...downloadRecording, displayOptions: whenWaiting },
		giveUpAfterSeconds,
		{ ...includeTranscript, displayOptions: whenWaiting },
		{ ...maxRecordingSize, displayOptions: whenWaiting },
		maxRetries,
		maxWaitMinutes,
		pollIntervalSeconds,
		requestTimeoutSeconds,
		retryUnknownOutcome,
	],
	displayOptions,
};

/** Places one call, at most once, and waits for its end if that is wanted. */
export const createCall: Operation = {
	option: {
		name: 'Create Call',
		value: 'createCall',
		action: 'Create a call',
		description: 'Have an assistant phone a person',
	},
	fields: [
		assistantId,
		fromNumber,
		toNumber,
		...inputParameterFields,
		waitForCompletion,
		{ ...simplify, displayOptions: shownWhenWaiting },
		options,
	],
	dials: true,

	check(parameters, { twenty2, access, media }) {
		const call = newCall(parameters, twenty2);
		const requestOptions = requestOptionsOf(parameters);
		const retry = { retryUnknownOutcome: parameters.readOption(retryUnknownOutcome, yesOrNo) };
		const key = keyOf(parameters);
		const polling = pollingOf(parameters);
		const simple = polling && parameters.read(simplify, yesOrNo);
		const wanted = mediaWanted(parameters);
		const refresh = wanted.recording || wanted.transcript;

		return async (run) => {
			const { signal, canceled } = run;
			const entry = run.ledger.entry(parameters.item, call.toNumber);
			const context = { twenty2, access, requestOptions, signal };
			const place = async (record?: SendRecord) => {
				const answer = alreadyPlaced(entry, retry);
				if (!answer) {
					const options = { ...context, ...retry, canceled, record };
					const placed = await placeCall(call, entry, options);
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
			const placing = oncePerKey(key, entry, run, { place, lookUp });
			const { answer, release, resumed } = await placing.finally(leave);
			if (entry.state.is === 'placed') run.hours.placed(entry.state.at ?? 0);
			if (!polling) return [{ json: answer }];

			const waiting = { ...context, polling, resumed, refresh };
			const body = await waitForEnd(answer.call_id, entry, waiting).finally(release);
			const output = { json: simple ? twenty2.simplify(body) : body };
			const mediaOptions = { wanted, requestOptions, signal, attempts: entry.attempts };
			const complete = withMedia(output, body, { twenty2, media }, mediaOptions);
			return [await complete.catch(asPlaced)];
		};
	},
};

/** The failure of a download after the call was placed. */
function asPlaced(error: unknown): never {
	throw failureOnly(error).with({ outcome: 'placed' });
}

function newCall(parameters: Parameters, twenty2: Twenty2): NewCall {
	const number = dialable(parameters.readOption(defaultCountry, countryOrNone));
	const numberIn = (field: INodeProperties) => {
		const given = parameters.read(field, number, 'INVALID_NUMBER');
		const objection = twenty2.objectionTo(given);
		if (objection === undefined) return given;
		throw Failure.ofInput('INVALID_NUMBER', `${field.displayName} ${objection}`, whereToLook);
	};
	const ownFields = jsonObject.check(
		z.refine(
			(fields) => !twenty2.bodyFields.some((name) => Object.hasOwn(fields, name)),
			'must not repeat a field that this node has already',
		),
	);
	const additionalFields = () => {
		const given = parameters.readOption(additionalBodyFields, jsonOrText);
		return checked(additionalBodyFields, objectIn(additionalBodyFields, given), ownFields);
	};
	return {
		assistantId: parameters.read(assistantId, identifier),
		fromNumber: numberIn(fromNumber),
		toNumber: numberIn(toNumber),
		inputParameters: inputParametersOf(parameters),
		additionalFields: additionalFields(),
	};
}
