import type { INodeProperties } from 'n8n-workflow';

import { identifier } from './fields/schemas';
import { downloadRecording, includeTranscript, mediaWanted, withMedia } from './fields/media';
import type { Operation } from './operation';
import {
	giveUpAfterSeconds,
	maxRetries,
	patienceOf,
	requestTimeoutSeconds,
	yesOrNo,
} from './fields/options';
import { reading } from './reading';
import { simplify } from './fields/simplify';

const displayOptions = { show: { operation: ['getCall'] } };

const callId: INodeProperties = {
	displayName: 'Call ID',
	name: 'callId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. call_8f14e45f',
	description: 'Which call to look up: the call_id that Create Call returned',
	displayOptions,
};

const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		downloadRecording,
		giveUpAfterSeconds,
		includeTranscript,
		maxRetries,
		requestTimeoutSeconds,
	],
	displayOptions,
};

/** Looks one call up, with its recording and transcript if they are wanted. */
export const getCall: Operation = {
	option: {
		name: 'Get Call',
		value: 'getCall',
		action: 'Get a call',
		description: 'Look up how a call went, by its ID',
	},
	fields: [callId, { ...simplify, displayOptions }, options],
	phones: false,

	check(parameters, { twenty2, access, media }) {
		const id = parameters.read(callId, identifier);
		const simple = parameters.read(simplify, yesOrNo);
		const patience = patienceOf(parameters);
		const wanted = mediaWanted(parameters);

		return async ({ signal }) => {
			const what = `Looking up ${id}`;
			const ask = async () => await twenty2.getCall(id, patience);
			const lookUp = { what, ask, patience, access, signal };
			const { answer: body, attempts } = await reading(lookUp);
			const output = { json: simple ? twenty2.simplify(body) : body };
			const fetching = { wanted, patience, signal, attempts };
			return [await withMedia(output, body, { twenty2, media }, fetching)];
		};
	},
};
