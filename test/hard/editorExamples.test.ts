/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { Browser } from 'playwright-core';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startBrowser } from '../e2e/browser';
import { Editor } from '../e2e/editor';
import { examples, readExample } from '../e2e/example';
import { defaultOwner, type N8n } from '../e2e/n8n';
import { startN8nWithNode } from '../e2e/n8nWithNode';

// Without credentials, or n8n would choose one itself.
let n8n: N8n;
let browser: Browser;
let editor: Editor;
beforeAll(async () => {
	n8n = await startN8nWithNode();
	browser = await startBrowser();
	editor = await Editor.open(browser, n8n.baseUrl, defaultOwner);
});
afterAll(async () => {
	await browser?.close();
	await n8n?.stop();
});

it.for([
	['agent-asks-first.json', ['Call a Person', 'Model']],
	['agent-that-calls.json', ['Call a Person', 'Model']],
	['call-and-wait.json', ['Call and Wait']],
	['crm-row-to-call.json', ['Call']],
	['event-to-row.json', []],
	['nightly-campaign.json', ['Call']],
	['reconcile.json', ['Calls']],
	['retry-no-answer.json', ['Call']],
	['wait-without-holding.json', ['Call', 'Look at the Call']],
] as const)(
	'In the editor, %s needs nothing but a credential where it is imported, and its note fits its text',
	async ([file, withCredential]) => {
		await editor.importWorkflow(join(examples, file));
		const nodes = (await readExample(file)).nodes.filter(({ type }) => !/stickyNote$/.test(type));
		await expect.poll(async () => await editor.canvasNodes.count()).toBe(nodes.length);
		await expect.poll(async () => await editor.markedNodes()).toEqual(withCredential);
		expect(await editor.notices.allInnerTexts()).toEqual([]);
		for (const room of await editor.roomInNotes()) {
			expect(room).toBeGreaterThan(0.03);
			expect(room).toBeLessThan(0.2);
		}
	},
);
