import type { Locator, Page } from 'playwright-core';

/** An open node in the editor: its input, its fields and its output. */
export class NodeView {
	readonly view: Locator;

	readonly input: Locator;

	readonly output: Locator;

	constructor(private readonly page: Page) {
		this.view = page.getByTestId('ndv');
		this.input = this.view.getByTestId('ndv-input-panel');
		this.output = this.view.getByTestId('output-panel');
	}

	/** Waits until the node is open. */
	async shown(): Promise<void> {
		await this.view.getByTestId('node-parameters').waitFor();
	}

	async close(): Promise<void> {
		await this.view.getByTestId('ndv-close-button').click();
		await this.view.waitFor({ state: 'hidden' });
	}

	field(name: string): Locator {
		return this.view.getByTestId(`parameter-input-${name}`);
	}

	async fill(values: Record<string, string>): Promise<void> {
		for (const [name, value] of Object.entries(values)) {
			// A resource locator has an input of its own kind.
			const input = this.field(name).locator(
				'[data-test-id=parameter-input-field], [data-test-id=rlc-input] input, input[data-test-id=rlc-input]',
			);
			await input.first().fill(value);
		}
	}

	/** Chooses From List in a resource locator. */
	async openList(field: string): Promise<void> {
		await this.field(field).getByTestId('rlc-mode-selector').click();
		await this.page.getByRole('option', { name: 'From List' }).click();
		await this.field(field).getByTestId('rlc-input').click();
	}

	/** Chooses From List in a resource locator, and the first entry that has this text. */
	async pickFromList(field: string, text: RegExp): Promise<void> {
		await this.openList(field);
		await this.page.getByTestId('rlc-item').filter({ hasText: text }).first().click();
	}

	/** Drags a field of the input into a node whose fields are added by dropping them. */
	async mapByDragging(field: string): Promise<void> {
		const item = this.input.locator(`[data-target="mappable"][data-name="${field}"]`);
		const area = this.view.getByTestId('assignment-collection-drop-area');
		await item.hover();
		await this.page.mouse.down();
		await area.hover();
		await this.page.mouse.up();
	}

	/** Chooses one of the existing credentials. */
	async chooseCredential(id: string): Promise<void> {
		await this.view.getByTestId('node-credentials-select').click();
		await this.page.getByTestId(`node-credentials-select-item-${id}`).click();
	}

	/** Sets "On Error" in the settings. */
	async onError(choice: string): Promise<void> {
		await this.view.getByTestId('tab-settings').click();
		await this.field('onError').click();
		await this.page.getByRole('option').filter({ hasText: choice }).first().click();
		await this.view.getByTestId('tab-params').click();
	}

	/** Adds one of the Options. */
	async addOption(name: string): Promise<void> {
		await this.view.getByTestId('collection-parameter-add').click();
		await this.page.getByRole('option', { name, exact: true }).click();
	}

	/** Removes the only option that was added. */
	async removeOption(name: string): Promise<void> {
		await this.view.getByText(name, { exact: true }).hover();
		await this.view.getByTitle('Delete', { exact: true }).click();
	}

	/** The texts of the first columns of the output's table, row by row, with the names of the columns first. */
	async firstColumns(count: number): Promise<string[][]> {
		const rows = await this.output.locator('tr').all();
		const texts = rows.map(async (row) => await row.locator('th, td').allInnerTexts());
		return (await Promise.all(texts)).map((row) => row.slice(0, count).map((text) => text.trim()));
	}

	/** The names that Options offers. */
	async offeredOptions(): Promise<string[]> {
		await this.view.getByTestId('collection-parameter-add').click();
		const offered = this.page.getByRole('option');
		await offered.first().waitFor();
		const names = await offered.allInnerTexts();
		await this.page.keyboard.press('Escape');
		return names;
	}

	/** Moves the mouse to the question mark beside a field's name, which shows its description. */
	async hoverHelp(field: string): Promise<void> {
		const label = this.view.locator(`label[for="${field}"]`);
		await label.hover();
		await label.locator('svg').first().hover();
	}

	async execute(): Promise<void> {
		await this.view.getByTestId('node-execute-button').click();
	}

	/** Shows the output as JSON. @param branch the output to show, where there are several */
	async showJson(branch?: string): Promise<void> {
		if (branch !== undefined) await this.output.getByText(branch).click();
		await this.output.getByTestId('radio-button-json').click();
	}
}
