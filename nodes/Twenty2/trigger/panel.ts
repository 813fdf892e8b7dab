import type { INodeTypeDescription } from 'n8n-workflow';

/** What the editor says beside the fields: how to test, when the workflow starts, and what is left to do at the end. */
export const testing = {
	triggerPanel: {
		header: 'Test with the end of a call',
		activationHint: {
			inactive:
				'With the <b>Test URL</b> in Twenty2, click <b>Execute step</b>, place a call and wait for its end.',
			active:
				'Paste the <b>Production URL</b> again after a test: with the <b>Test URL</b> in Twenty2, the published workflow gets no events.',
		},
		executionsHelp:
			'<b>The Test URL</b> takes one event after each click on Execute step. If the trigger turns it away, the node says why.<br /><br /><b>The Production URL</b> takes all events once the workflow is published. Its executions show up in the <a data-key="executions">executions list</a>, and not in the editor.',
	},
	eventTriggerDescription: 'Waiting for Twenty2 to send an event to the Test URL',
	activationMessage:
		'The end of a call starts this workflow as soon as its Production URL takes the place of the Test URL in the Twenty2 dashboard (Profile → Integrations).',
} satisfies Partial<INodeTypeDescription>;
