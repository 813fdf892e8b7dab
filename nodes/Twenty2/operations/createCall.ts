import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { NewCall, Twenty2 } from '../api/call';
import { Failure, failureFields, failureOnly } from '../api/failure';
import { outcomeUnknown } from '../api/refusal';
import type { Connection } from '../connection';
import { jsonObject, type JsonObject } from '../json';
import { attempt, type Patience } from '../policy/attempts';
import type { Entry } from '../policy/ledger';
import { verdictOn } from './again';
import { identifier } from './identifier';
import { inputParametersOf, inputParameterFields } from './inputParameters';
import { jsonOrText, objectIn } from './jsonField';
import type { Operation, Run } from './operation';
import {
	giveUpAfterSeconds,
	maxRetries,
	patienceOf,
	requestTimeoutSeconds,
	yesOrNo,
} from './options';
import { checked, whereToLook, type Parameters } from './parameters';
import { phoneNumber } from './phoneNumber';

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
	hint: 'With + and country code, without spaces',
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
	hint: 'With + and country code, without spaces',
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

const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		additionalBodyFields,
		giveUpAfterSeconds,
		maxRetries,
		requestTimeoutSeconds,
		retryUnknownOutcome,
	],
	displayOptions,
};

/** Places one call, at most once. */
export const createCall: Operation = {
	option: {
		name: 'Create Call',
		value: 'createCall',
		action: 'Create a call',
		description: 'Have an assistant phone a person',
	},
	fields: [assistantId, fromNumber, toNumber, ...inputParameterFields, options],
	phones: true,

	check(parameters, { twenty2, access }) {
		const call = newCall(parameters, twenty2);
		const patience = {
			...patienceOf(parameters),
			retryUnknownOutcome: parameters.readOption(retryUnknownOutcome, yesOrNo),
		};

		return async ({ ledger, signal }) => {
			const entry = ledger.entry(parameters.item, call.toNumber);
			const known = alreadyKnown(entry, patience);
			const json = known ?? (await place(call, entry, patience, { twenty2, access, signal }));
			return [{ json }];
		};
	},
};

interface CreatePatience extends Patience {
	timeoutMs: number;
	retryUnknownOutcome: boolean;
}

function newCall(parameters: Parameters, twenty2: Twenty2): NewCall {
	const dialable = (field: INodeProperties) => {
		const number = parameters.read(field, phoneNumber, 'INVALID_NUMBER');
		const objection = twenty2.objectionTo(number);
		if (objection === undefined) return number;
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
		fromNumber: dialable(fromNumber),
		toNumber: dialable(toNumber),
		inputParameters: inputParametersOf(parameters),
		additionalFields: additionalFields(),
	};
}

/**
 * What an earlier try of this run has brought, or undefined when the call is still to be placed.
 * @throws Failure repeating that it is unknown whether the person was phoned
 */
function alreadyKnown(
	{ state, attempts }: Entry,
	{ retryUnknownOutcome }: CreatePatience,
): JsonObject | undefined {
	if (state.is === 'placed') return state.answer;
	const lost =
		state.is === 'unknown'
			? new Failure(failureFields.parse(state.why))
			: state.is === 'sent'
				? outcomeUnknown('This run was stopped before Twenty2 answered', null)
				: undefined;
	if (lost && verdictOn(lost, { retryUnknownOutcome }).again === 'never') {
		throw lost.with({ attempts });
	}
	return undefined;
}

async function place(
	call: NewCall,
	entry: Entry,
	patience: CreatePatience,
	{ twenty2, access, signal }: Pick<Connection, 'twenty2' | 'access'> & Pick<Run, 'signal'>,
): Promise<JsonObject> {
	const { timeoutMs } = patience;
	const send = async () => {
		const inDoubt = mayHaveBeenPlaced(entry);
		entry.attempts++;
		entry.state = { is: 'sent' };
		return await twenty2.createCall(call, { idempotencyKey: entry.id, timeoutMs }).then(
			(answer) => {
				entry.state = { is: 'placed', answer };
				return answer;
			},
			(error: unknown) => {
				// What a later attempt was told says nothing of an earlier one that may have rung.
				const failure = failureOnly(error).with(inDoubt ? { outcome: 'unknown' } : {});
				entry.state = settled(failure);
				throw failure;
			},
		);
	};

	const judge = (error: Error) => verdictOn(error, patience);
	const what = `Call to …${call.toNumber.slice(-4)}`;
	const phone = { what, send, judge };
	return await attempt(phone, patience, access.creates, signal).catch((error: unknown) => {
		const outcome = mayHaveBeenPlaced(entry) ? 'unknown' : 'not_placed';
		throw failureOnly(error).with({ attempts: entry.attempts, outcome });
	});
}

function mayHaveBeenPlaced({ state }: Entry): boolean {
	return state.is === 'sent' || state.is === 'unknown';
}

function settled({ fields }: Failure): Entry['state'] {
	return fields.outcome === 'unknown' ? { is: 'unknown', why: fields } : { is: 'not placed' };
}
