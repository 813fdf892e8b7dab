/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readdir } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod/v4';

import { examples, exampleWith, type Chosen, type Example } from '../e2e/example';
import type { N8n, Workflow } from '../e2e/n8n';

const node = z.looseObject({ name: z.string(), type: z.string() });
const listed = z.array(z.object({ id: z.string(), name: z.string() }));
const stored = z.object({
	id: z.string(),
	versionId: z.string(),
	isArchived: z.boolean(),
	nodes: z.array(node),
	connections: z.record(z.string(), z.unknown()),
});

/** An example that was imported into n8n. */
export interface Imported {
	name: string;
	workflow: Workflow;
	/** Whether the user has changed it since. */
	changed: boolean;
}

/** Imports the missing examples, with the credentials chosen in them. @returns all examples by file */
export async function putExamples(n8n: N8n, chosen: Chosen): Promise<Map<string, Imported>> {
	const existing = await n8n.rest.call('GET', '/workflows', listed);
	const imported = new Map<string, Imported>();
	for (const file of await readdir(examples)) {
		const wanted = await exampleWith(file, chosen);
		const found = existing.find(({ name }) => name === wanted.name);
		const { id } = found ?? (await n8n.createWorkflow(wanted));
		const workflow = await n8n.rest.call('GET', `/workflows/${id}`, stored);
		imported.set(file, { name: wanted.name, workflow, changed: isChanged(workflow, wanted) });
	}
	return imported;
}

function isChanged(workflow: z.infer<typeof stored>, { nodes, connections }: Example): boolean {
	const { isArchived, ...now } = workflow;
	return (
		isArchived ||
		!isDeepStrictEqual({ nodes: now.nodes, connections: now.connections }, { nodes, connections })
	);
}
