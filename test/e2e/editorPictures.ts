/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

import { project } from './pack';

/** Screenshots of every run. */
const artefacts = join(project, 'test-artefacts');

/** The pictures of the README. They are replaced only when `README_PICTURES` is set. */
const pictures = join(project, 'docs', 'pictures');
const replacePictures = process.env.README_PICTURES !== undefined;

/** Elements hidden in pictures: temporary ones and controls. */
const hidden = [
	'floating-nodes',
	'ndv-backdrop',
	'ndv-edit-pinned-data',
	'ndv-pin-data',
	'canvas-controls',
	'execute-workflow-button',
	'node-creator-plus-button',
	'command-bar-button',
	'add-sticky-button',
	'toggle-focus-panel-button',
	'instance-ai-canvas-action-button',
].map((id) => `[data-test-id="${id}"]`);

const hiding = (selectors: string[]) => `${selectors.join()} { display: none !important; }`;

const hint = '[data-test-id="node-hint"]';

interface Box {
	x: number;
	y: number;
	width: number;
	height: number;
}

/** The position of an element on the page. @throws Error when it is not visible */
export async function boxOf(element: Locator): Promise<Box> {
	const box = await element.boundingBox();
	if (box === null) throw new Error('It is not to be seen');
	return box;
}

/** The smallest box around all elements, plus a margin in pixels. */
export async function boxAround(elements: Locator, margin: number): Promise<Box> {
	const boxes = await Promise.all((await elements.all()).map(boxOf));
	const x = Math.min(...boxes.map((box) => box.x)) - margin;
	const y = Math.min(...boxes.map((box) => box.y)) - margin;
	return {
		x,
		y,
		width: Math.max(...boxes.map((box) => box.x + box.width)) + margin - x,
		height: Math.max(...boxes.map((box) => box.y + box.height)) + margin - y,
	};
}

/** Saves a screenshot of the page in `test-artefacts`. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
	await page.screenshot({ path: join(artefacts, `${name}.png`) });
}

/**
 * Saves a picture of a part of the page: for the README, or else in `test-artefacts`.
 * @param withHints whether n8n's hints are in it. Those of a call that was placed depend on the time of day.
 */
export async function takePicture(
	page: Page,
	name: string,
	clip: Box,
	withHints = false,
): Promise<void> {
	const folder = replacePictures ? pictures : artefacts;
	await mkdir(folder, { recursive: true });
	await page.mouse.move(0, 0);
	await page.screenshot({
		path: join(folder, `${name}.png`),
		clip,
		style: hiding(['.el-notification', ...hidden, ...(withHints ? [] : [hint])]),
		animations: 'disabled',
		caret: 'hide',
	});
}
