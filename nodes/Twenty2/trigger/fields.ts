import type { INodeProperties } from 'n8n-workflow';

/** Shown below the URLs. Twenty2 has no request that registers a URL, so the user enters it by hand. */
export const dashboardSteps: INodeProperties = {
	displayName:
		'Twenty2 sends the events of a workspace to one URL. Copy one from Webhook URLs above, and paste it in the Twenty2 dashboard under Profile → Integrations.',
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
	description: 'The assistants whose calls start the workflow. Leave it empty for all assistants.',
	hint: 'Separate them by commas. Each is copied in Twenty2: three-dot menu of the assistant, Copy Assistant ID.',
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
		'A password of your own. Events without it are turned away, and those with it are believed without asking Twenty2.',
	hint: 'In the Twenty2 dashboard, paste the URL with ?secret=… at its end',
};

export const verify: INodeProperties = {
	displayName: 'Verify',
	name: 'verify',
	type: 'boolean',
	default: true,
	description:
		'Whether to check each event with Twenty2. Needs a credential, and is on when there is one and no Secret.',
};

export const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [secret, verify],
};
