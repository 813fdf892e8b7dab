import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { NewCall, Twenty2 } from '../../api/client';
import { Failure, orFailure } from '../../api/failure';
import { jsonObject } from '../../json';
import { jsonOrText, objectIn } from '../fields/jsonField';
import { checked, whereToLook, type FieldReader } from '../fields/parameters';
import { byId, byNumber, located, locator } from '../fields/resourceLocator';
import { identifier } from '../fields/schemas';
import { defaultCountry, defaultCountryFields, defaultCountryOf } from './countries';
import { inputParameterFields, inputParametersOf } from './inputParameters';
import { countriesOf } from './numberingPlans';
import { dialable } from './phoneNumber';

const displayOptions = { show: { operation: ['createCall'] } };

const assistantId = locator({
	displayName: 'Assistant ID',
	name: 'assistantId',
	search: 'searchAssistants',
	what: 'an assistant',
	typed: byId,
	placeholder: 'e.g. asst_5d41402a',
	description:
		'The assistant that calls. In Twenty2, open the three-dot menu of a published one and choose Copy Assistant ID.',
	displayOptions,
});

const fromNumber = locator({
	displayName: 'From Number',
	name: 'fromNumber',
	search: 'searchFromNumbers',
	what: 'a number',
	typed: byNumber,
	placeholder: 'e.g. +917971441943',
	description: 'The number the call comes from. It is one of yours: see Manage Numbers in Twenty2.',
	displayOptions,
});

const toNumber: INodeProperties = {
	displayName: 'To Number',
	name: 'toNumber',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. +919876543210',
	description: 'The number to phone, with + and country code, e.g. +919876543210',
	displayOptions,
};

export const additionalBodyFields: INodeProperties = {
	displayName: 'Additional Body Fields',
	name: 'additionalBodyFields',
	type: 'json',
	default: '{}',
	description:
		'A JSON object that is merged into what Twenty2 is sent, for settings that this node has no field for yet',
};

/** The fields that say whom to call, from where, and what the assistant is told. */
export const newCallFields = [
	assistantId,
	fromNumber,
	toNumber,
	...defaultCountryFields,
	...inputParameterFields,
];

const setDefaultCountry =
	'Set Default Country to call numbers that have no country code, or enter them with + and country code';

/** A number in E.164. @throws Failure `INVALID_NUMBER` naming the field */
function numberIn(field: INodeProperties, parameters: FieldReader, twenty2: Twenty2): string {
	const country = defaultCountryOf(parameters) ?? twenty2.onlyCountry;
	const number = located(dialable(country));
	const given = orFailure(() => parameters.read(field, number, 'INVALID_NUMBER'));
	if (given instanceof Failure) {
		const mayHelp = country === undefined && given.message.includes(defaultCountry.displayName);
		throw mayHelp ? given.with({ description: setDefaultCountry }) : given;
	}
	const objection = twenty2.whyNotDialable(given);
	if (objection === undefined) return given;
	throw Failure.ofInput('INVALID_NUMBER', `${field.displayName} ${objection}`, whereToLook);
}

/** Whom an item asks to call, as a dry run shows it: a number that cannot be dialled as it was given. */
export function callee(parameters: FieldReader, twenty2: Twenty2): Callee {
	const number = orFailure(() => numberIn(toNumber, parameters, twenty2));
	if (!(number instanceof Failure)) return calleeOf(number);
	const given = orFailure(() => parameters.read(toNumber, z.unknown()));
	return { to_number: given instanceof Failure ? '' : String(given ?? ''), to_country: null };
}

/** @param number in E.164 */
export function calleeOf(number: string): Callee {
	const [country = null, ...others] = countriesOf(number);
	return { to_number: number, to_country: others.length === 0 ? country : null };
}

/** The number, and its country in two letters, null where the number does not tell. */
type Callee = Record<'to_number' | 'to_country', string | null>;

/** The call that one item asks for. @throws Failure `INVALID_NUMBER` or `INVALID_INPUT`, naming the field */
export function newCall(parameters: FieldReader, twenty2: Twenty2): NewCall {
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
		assistantId: parameters.read(assistantId, located(identifier)),
		fromNumber: numberIn(fromNumber, parameters, twenty2),
		toNumber: numberIn(toNumber, parameters, twenty2),
		inputParameters: inputParametersOf(parameters),
		additionalFields: additionalFields(),
	};
}
