import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { NewCall, Twenty2 } from '../../api/client';
import { Failure } from '../../api/failure';
import { jsonObject } from '../../json';
import { jsonOrText, objectIn } from '../fields/jsonField';
import { checked, whereToLook, type FieldReader } from '../fields/parameters';
import { located, locator } from '../fields/resourceLocator';
import { identifier } from '../fields/schemas';
import { defaultCountry, defaultCountryOf } from './countries';
import { inputParameterFields, inputParametersOf } from './inputParameters';
import { dialable } from './phoneNumber';

const displayOptions = { show: { operation: ['createCall'] } };

const assistantId = locator({
	displayName: 'Assistant ID',
	name: 'assistantId',
	search: 'searchAssistants',
	what: 'an assistant',
	placeholder: 'e.g. asst_5d41402a',
	description:
		'The assistant that makes the call. In Twenty2, open the three-dot menu of a published assistant and choose Copy Assistant ID.',
	displayOptions,
});

const fromNumber = locator({
	displayName: 'From Number',
	name: 'fromNumber',
	search: 'searchFromNumbers',
	what: 'a number',
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
	description: 'The number of the person to call',
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
	defaultCountry,
	...inputParameterFields,
];

/** The call that one item asks for. @throws Failure `INVALID_NUMBER` or `INVALID_INPUT`, naming the field */
export function newCall(parameters: FieldReader, twenty2: Twenty2): NewCall {
	const number = located(dialable(defaultCountryOf(parameters)));
	const numberIn = (field: INodeProperties) => {
		const given = parameters.read(field, number, 'INVALID_NUMBER');
		const objection = twenty2.whyNotDialable(given);
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
		assistantId: parameters.read(assistantId, located(identifier)),
		fromNumber: numberIn(fromNumber),
		toNumber: numberIn(toNumber),
		inputParameters: inputParametersOf(parameters),
		additionalFields: additionalFields(),
	};
}
