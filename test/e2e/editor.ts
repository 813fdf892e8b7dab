import type { Browser, Locator, Page } from 'playwright-core';

import { NodeView } from './editorNode';
import type { Owner } from './n8n';

/** n8n's editor in a browser, as its owner sees it. */
export class Editor {
	readonly node: NodeView;

	private constructor(readonly page: Page) {
		this.node = new NodeView(page);
	}

	static async open(browser: Browser, baseURL: string, owner: Owner): Promise<Editor> {
		const context = await browser.newContext({
			baseURL,
			colorScheme: 'light',
			// For sharp pictures.
			deviceScaleFactor: 1.5,
		});
		context.setDefaultTimeout(120_000);
		const editor = new Editor(await context.newPage());
		await editor.page.goto('/signin');
		await editor.page.getByLabel('Email').fill(owner.email);
		await editor.page.getByLabel('Password').fill(owner.password);
		await editor.page.getByRole('button', { name: 'Sign in' }).click();
		await editor.page.waitForURL((url) => url.pathname !== '/signin');
		return editor;
	}

	/** The panel where nodes are looked for. */
	get panel(): Locator {
		return this.page.getByTestId('node-creator');
	}

	get credential(): Locator {
		return this.page.getByTestId('editCredential-modal');
	}

	get canvasNodes(): Locator {
		return this.page.getByTestId('canvas-node');
	}

	/** By its name on the canvas. */
	canvasNode(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	async newWorkflow(): Promise<void> {
		await this.page.setViewportSize({ width: 1280, height: 900 });
		await this.page.goto('/workflow/new');
		await this.page.getByTestId('canvas-plus-button').waitFor();
	}

	/** Opens the panel and types into it. @returns the entry that is found for the package */
	async search(text: string): Promise<Locator> {
		await this.page.getByTestId('canvas-plus-button').click();
		await this.panel.getByTestId('node-creator-search-bar').fill(text);
		// The panel shows something else until the search is done.
		const entry = this.panel.getByTestId('node-creator-action-item');
		await entry.waitFor();
		return entry;
	}

	/** A workflow with one node, which is open, by the name of an action or a trigger in the panel. */
	async startWith(action: string): Promise<void> {
		await this.newWorkflow();
		await (await this.search('twenty2')).click();
		// Folded, since a workflow begins with a trigger.
		await this.panel.getByText('Actions (3)').click();
		await this.panel.getByText(action, { exact: true }).click();
		await this.node.shown();
	}

	/** "Import from file" of the workflow's menu. */
	async importWorkflow(file: string): Promise<void> {
		await this.newWorkflow();
		await this.page.getByTestId('workflow-import-input').setInputFiles(file);
		await this.page.getByTestId('canvas-node').first().waitFor();
	}

	/** Names of the nodes that the canvas marks: something in them is missing or wrong. */
	async markedNodes(): Promise<string[]> {
		const marks = '[data-test-id="node-issues"], [data-test-id="node-setup-required"]';
		const marked = this.canvasNodes.filter({ has: this.page.locator(marks) });
		const names = (await marked.all()).map(
			async (node) => await node.getAttribute('data-node-name'),
		);
		return (await Promise.all(names)).map(String).sort();
	}

	/** What n8n tells beside the canvas, such as that an import did not go well. */
	get notices(): Locator {
		return this.page.locator('.el-notification');
	}

	async openNode(name: string): Promise<void> {
		await this.canvasNode(name).dblclick();
		await this.node.shown();
	}

	/** Brings the whole workflow into view, with nothing selected. */
	async zoomToFit(): Promise<void> {
		await this.page.getByTestId('zoom-to-fit').click();
		await this.page.locator('.vue-flow__pane').click({ position: { x: 10, y: 10 } });
		// Not before it has stopped moving.
		await this.page.getByTestId('canvas-node').last().click({ trial: true });
	}

	/** @returns when it has ended well */
	async executeWorkflow(): Promise<void> {
		await this.page.getByTestId('execute-workflow-button').click();
		await this.page.getByText('Workflow executed successfully').waitFor();
	}

	/** Makes a credential from the open node's list of them. */
	async newCredential(fields: Record<string, string>): Promise<void> {
		await this.node.view.getByTestId('node-credentials-select').click();
		await this.page.getByTestId('node-credentials-select-item-new').click();
		await this.saveCredential(fields);
	}

	/** n8n tests the connection as it saves. */
	async saveCredential(fields: Record<string, string>): Promise<void> {
		for (const [name, value] of Object.entries(fields)) {
			await this.credential
				.getByTestId(`parameter-input-${name}`)
				.getByTestId('parameter-input-field')
				.fill(value);
		}
		await this.credential.getByRole('button', { name: 'Save', exact: true }).click();
	}
}
