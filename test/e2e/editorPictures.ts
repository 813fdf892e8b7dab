import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

import { project } from './pack';

/** Kept of every run, for whoever wants to see what the tests saw. */
const artefacts = join(project, 'test-artefacts');

/** The README's, which only a run that was asked to takes anew. */
const pictures = join(project, 'docs', 'pictures');
const areTaken = process.env.README_PICTURES !== undefined;

/** What is there for a moment or for the mouse only, and the hint that there is only at night. */
const inTheWay = [
	'floating-nodes',
	'node-hint',
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

const style = `${['.el-notification', ...inTheWay].join()} { display: none !important; }`;

interface Box {
	x: number;
	y: number;
	width: number;
	height: number;
}

/** Where an element is on the page. */
export async function boxOf(element: Locator): Promise<Box> {
	const box = await element.boundingBox();
	if (box === null) throw new Error('It is not to be seen');
	return box;
}

/** What holds all of the elements, with a margin around them. */
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

/** Keeps what the browser shows. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
	await page.screenshot({ path: join(artefacts, `${name}.png`) });
}

/** Takes a picture of a part of the page for the README, or only keeps it. */
export async function takePicture(page: Page, name: string, clip: Box): Promise<void> {
	const folder = areTaken ? pictures : artefacts;
	await mkdir(folder, { recursive: true });
	await page.mouse.move(0, 0);
	await page.screenshot({
		path: join(folder, `${name}.png`),
		clip,
		style,
		animations: 'disabled',
		caret: 'hide',
	});
}
