/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { join } from 'node:path';
import { expect } from 'vitest';

import { startBrowser } from '../e2e/browser';
import { Editor } from '../e2e/editor';
import { examples, readExample } from '../e2e/example';
import { defaultOwner } from '../e2e/n8n';
import { inN8n } from '../e2e/n8nWithNode';

const it = inN8n().extend('editor', { scope: 'worker' }, async ({ n8n }, { onCleanup }) => {
	const browser = await startBrowser();
	onCleanup(async () => await browser.close());
	return await Editor.open(browser, n8n.baseUrl, defaultOwner);
});

it.for([
	['agent-asks-first.json', ['Call a Person', 'Model']],
	['agent-that-calls.json', ['Call a Person', 'Model']],
	['call-and-wait.json', ['Call and Wait']],
	['crm-row-to-call.json', ['Call']],
	['event-to-row.json', []],
	['nightly-campaign.json', ['Call']],
	['reconcile.json', []],
	['retry-no-answer.json', ['Call']],
	['wait-without-holding.json', ['Call', 'Look at the Call']],
] as const)(
	'In the editor, %s needs nothing but a credential where it is imported, and its note fits its text',
	async ([file, withCredential], { editor }) => {
		await editor.importWorkflow(join(examples, file));
		const nodes = (await readExample(file)).nodes.filter(({ type }) => !/stickyNote$/.test(type));
		await expect.poll(async () => await editor.canvasNodes.count()).toBe(nodes.length);
		await expect.poll(async () => await editor.markedNodes()).toEqual(withCredential);
		const notices = await editor.notices.allInnerTexts();
		// n8n chooses a credential of a workspace itself where it is the only one.
		expect(notices.filter((text) => !text.startsWith('Credentials auto-added'))).toEqual([]);
		for (const room of await editor.roomInNotes()) {
			expect(room).toBeGreaterThan(0.03);
			expect(room).toBeLessThan(0.2);
		}
	},
);
