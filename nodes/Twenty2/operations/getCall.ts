import type { INodeProperties } from 'n8n-workflow';

import { withFiles } from './callFiles';
import { mediaFields, mediaWanted } from './fields/media';
import { optionsField, requestOptionFields, requestOptionsOf } from './fields/options';
import { chosenOutput, outputChoice } from './fields/output';
import { identifier } from './fields/schemas';
import type { Operation } from './operation';

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

const options = optionsField([...mediaFields, ...requestOptionFields], displayOptions);

/** Reads one call, with its recording and transcript if they are wanted. */
export const getCall: Operation = {
	option: {
		name: 'Get Call',
		value: 'getCall',
		action: 'Get a call',
		description: 'Look up how a call went, by its ID',
	},
	fields: [callId, ...outputChoice(displayOptions.show), options],
	dials: false,

	check(parameters, connection) {
		const { twenty2, request } = connection;
		const id = parameters.read(callId, identifier);
		const outputOf = chosenOutput(parameters, twenty2);
		const requestOptions = requestOptionsOf(parameters);
		const wanted = mediaWanted(parameters);

		return async ({ missingLinks, signal }) => {
			const { answer: body, attempts } = await request({
				what: `Looking up ${id}`,
				send: async () => await twenty2.getCall(id, requestOptions),
				patience: requestOptions,
				signal,
			});
			const { access, media } = connection;
			return await withFiles({
				...{ twenty2, access, media, body, outputOf, wanted, justEnded: false },
				...{ missingLinks, requestOptions, signal, attempts },
			});
		};
	},
};
