import type { Browser, Locator, Page } from 'playwright-core';

import { NodeView } from './editorNode';
import { boxOf } from './editorPictures';
import type { Owner } from './n8n';

/** n8n's editor in a browser, signed in as the owner. */
export class Editor {
	readonly node: NodeView;

	private constructor(readonly page: Page) {
		this.node = new NodeView(page);
	}

	/** Opens a page and signs in. */
	static async open(browser: Browser, baseURL: string, owner: Owner): Promise<Editor> {
		const context = await browser.newContext({
			baseURL,
			colorScheme: 'light',
			// Sharper pictures.
			deviceScaleFactor: 1.5,
		});
		context.setDefaultTimeout(120_000);
		const editor = new Editor(await context.newPage());
		await editor.page.goto('/signin');
		// In n8n 1 the labels belong to no field.
		await editor.page.locator('input[type="email"]').fill(owner.email);
		await editor.page.locator('input[type="password"]').fill(owner.password);
		await editor.page.getByRole('button', { name: 'Sign in' }).click();
		await editor.page.waitForURL((url) => url.pathname !== '/signin');
		return editor;
	}

	/** The panel with the search for nodes. */
	get panel(): Locator {
		return this.page.getByTestId('node-creator');
	}

	/** The dialog that edits a credential. */
	get credential(): Locator {
		return this.page.getByTestId('editCredential-modal');
	}

	get canvasNodes(): Locator {
		return this.page.getByTestId('canvas-node');
	}

	/** The node on the canvas with this name. */
	canvasNode(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	async newWorkflow(): Promise<void> {
		await this.page.setViewportSize({ width: 1280, height: 900 });
		await this.page.goto('/workflow/new');
		await this.page.getByTestId('canvas-plus-button').waitFor();
	}

	/** Opens the panel and types into its search. @returns the entry of this package */
	async search(text: string): Promise<Locator> {
		await this.page.getByTestId('canvas-plus-button').click();
		await this.panel.getByTestId('node-creator-search-bar').fill(text);
		// The panel shows other content until the search has ended.
		const entry = this.panel.getByTestId('node-creator-action-item');
		await entry.waitFor();
		return entry;
	}

	/** Creates a workflow with one node, chosen by its action in the panel, and opens the node. */
	async startWith(action: string): Promise<void> {
		await this.newWorkflow();
		await (await this.search('twenty2')).click();
		// Collapsed: n8n offers triggers first in an empty workflow.
		await this.panel.getByText('Actions (3)').click();
		await this.panel.getByText(action, { exact: true }).click();
		await this.node.shown();
	}

	/** Imports a workflow with "Import from file". */
	async importWorkflow(file: string): Promise<void> {
		await this.newWorkflow();
		await this.page.getByTestId('workflow-import-input').setInputFiles(file);
		await this.page.getByTestId('canvas-node').first().waitFor();
	}

	/** The names of nodes that the canvas marks, because something in them is missing or wrong. */
	async markedNodes(): Promise<string[]> {
		const marks = '[data-test-id="node-issues"], [data-test-id="node-setup-required"]';
		const marked = this.canvasNodes.filter({ has: this.page.locator(marks) });
		const names = (await marked.all()).map(
			async (node) => await node.getAttribute('data-node-name'),
		);
		return (await Promise.all(names)).map(String).sort();
	}

	/** What is left below the text of each note on the canvas, as a part of the note's height. */
	async roomInNotes(): Promise<number[]> {
		const notes = await this.page.getByTestId('sticky').all();
		const rooms = notes.map(async (note) => {
			const box = await boxOf(note);
			const text = await boxOf(note.locator('p').last());
			return (box.y + box.height - text.y - text.height) / box.height;
		});
		return await Promise.all(rooms);
	}

	/** n8n's notifications, such as a failed import. */
	get notices(): Locator {
		return this.page.locator('.el-notification');
	}

	async openNode(name: string): Promise<void> {
		await this.canvasNode(name).dblclick();
		await this.node.shown();
	}

	/** Adds a node behind another one, by its name in the panel, and opens it. */
	async addAfter(name: string, next: string): Promise<void> {
		await this.page
			.locator(`[data-test-id="canvas-node-output-handle"][data-node-name="${name}"]`)
			.getByTestId('canvas-handle-plus')
			.click();
		await this.panel.getByTestId('node-creator-search-bar').fill(next);
		await this.panel
			.getByTestId('node-creator-item-name')
			.filter({ hasText: next })
			.first()
			.click();
		await this.node.shown();
	}

	/** Shows the whole workflow, with no node selected. */
	async zoomToFit(): Promise<void> {
		await this.page.getByTestId('zoom-to-fit').click();
		await this.page.locator('.vue-flow__pane').click({ position: { x: 10, y: 10 } });
		// A trial click waits until the nodes have stopped moving.
		await this.page.getByTestId('canvas-node').last().click({ trial: true });
	}

	/** Runs the workflow and waits for its success. */
	async executeWorkflow(): Promise<void> {
		await this.page.getByTestId('execute-workflow-button').click();
		await this.page.getByText('Workflow executed successfully').waitFor();
	}

	/** Creates a credential from the open node's list. */
	async newCredential(fields: Record<string, string>): Promise<void> {
		await this.node.view.getByTestId('node-credentials-select').click();
		await this.page.getByTestId('node-credentials-select-item-new').click();
		await this.saveCredential(fields);
	}

	/** Fills in the dialog and saves. n8n then tests the connection. */
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
