import type { INodeProperties } from 'n8n-workflow';

/** Shown beside the URL. Twenty2 has no request that registers a URL, so the user enters it by hand. */
export const dashboardSteps: INodeProperties = {
	displayName:
		'Twenty2 sends its events to one URL a workspace. Open Profile → Integrations in the Twenty2 dashboard and paste a URL from Webhook URLs above: the Test URL while you test, and for good the Production URL. Then publish this workflow.',
	name: 'dashboardSteps',
	type: 'notice',
	default: '',
};

export const events: INodeProperties = {
	displayName: 'Events',
	name: 'events',
	type: 'multiOptions',
	required: true,
	options: [
		{
			name: 'Call Completed',
			value: 'call.completed',
			description: 'A call was answered and has ended',
		},
		{
			name: 'Call Failed',
			value: 'call.failed',
			description: 'A call has ended without a conversation, for instance because nobody answered',
		},
	],
	default: ['call.completed', 'call.failed'],
	description: 'Which events start the workflow. Others are answered and start nothing.',
};

export const assistantIds: INodeProperties = {
	displayName: 'Assistant IDs',
	name: 'assistantIds',
	type: 'string',
	default: '',
	placeholder: 'e.g. asst_8f14e45f, asst_c9f0f895',
	description:
		'Start the workflow for calls by these assistants only, separated by commas. To find an ID in Twenty2, open the three-dot menu of the assistant and choose Copy Assistant ID. Leave the field empty for all assistants. An expression may also give a list, and has to give at least one ID.',
};

export const simplify: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

export const secret: INodeProperties = {
	displayName: 'Secret',
	name: 'secret',
	type: 'string',
	typeOptions: { password: true },
	default: '',
	placeholder: 'e.g. 6vZ2mWq8Rk3T',
	description:
		'A password of your own making that the URL has to carry. Add it to the URL in the Twenty2 dashboard as <code>?secret=...</code>. Whoever calls the URL without it is turned away. Events with it are believed without a look at Twenty2, which saves requests.',
};

export const verify: INodeProperties = {
	displayName: 'Verify',
	name: 'verify',
	type: 'boolean',
	default: true,
	description:
		'Whether to ask Twenty2 for the call before the workflow goes on with an event, so that invented events start nothing. Needs a credential, and is on when there is one and no Secret.',
};

export const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [secret, verify],
};
