import type { INodeTypeDescription } from 'n8n-workflow';

const whereToPaste = 'in the Twenty2 dashboard under <b>Profile → Integrations</b>';

/** What the editor says of testing. Twenty2 sends an event only to the one URL that is pasted in its dashboard. */
export const testing = {
	triggerPanel: {
		header: 'Test with the end of a call',
		activationHint: {
			inactive: `<b>1.</b> Copy the <b>Test URL</b> from Webhook URLs and paste it ${whereToPaste}.<br /><b>2.</b> Click the button above, place a call and wait for its end.<br /><b>3.</b> When all works, publish the workflow and paste its <b>Production URL</b> instead.`,
			active: `This workflow is published. To test it all the same, paste the <b>Test URL</b> ${whereToPaste}, and the <b>Production URL</b> again afterwards: until then the published workflow gets no events.`,
		},
		executionsHelp: `Twenty2 sends the events of a workspace to one URL: the one that is pasted ${whereToPaste}.<br /><br /><b>While you build</b>, let it be the Test URL. n8n listens there for one event after each click on the button. An event that the trigger turns away ends the listening too, and the node then says why.<br /><br /><b>For good</b>, let it be the Production URL of the published workflow. Its executions show up in the <a data-key="executions">executions list</a>, and not in the editor.`,
	},
	eventTriggerDescription: 'Waiting for Twenty2 to send an event to the Test URL',
	activationMessage:
		'The workflow starts when a call has ended, once its Production URL is pasted in the Twenty2 dashboard under Profile → Integrations.',
} satisfies Partial<INodeTypeDescription>;
