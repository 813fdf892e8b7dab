/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/v4';

import type { Credential } from './n8n';
import { project } from './pack';

export const examples = join(project, 'examples');

const exampleSchema = z.looseObject({
	name: z.string(),
	nodes: z.array(
		z.looseObject({
			name: z.string(),
			type: z.string(),
			typeVersion: z.number(),
			credentials: z.unknown().optional(),
		}),
	),
	connections: z.record(z.string(), z.unknown()),
	settings: z.record(z.string(), z.unknown()),
});

export type Example = z.infer<typeof exampleSchema>;

/** Types of credentials, each with the types of nodes that use it. */
const users = [
	['twenty2Api', /^n8n-nodes-twenty2\./],
	['openAiApi', /\.lmChatOpenAi$/],
] as const;

/** The credentials that a user chooses in an example. */
export type Chosen = Partial<Record<(typeof users)[number][0], Credential>>;

export async function readExample(file: string): Promise<Example> {
	return exampleSchema.parse(JSON.parse(await readFile(join(examples, file), 'utf8')));
}

/** An example in which these credentials are chosen. */
export async function exampleWith(file: string, chosen: Chosen): Promise<Example> {
	const { nodes, ...others } = await readExample(file);
	return {
		...others,
		nodes: nodes.map((node) => {
			const [type] = users.find(([, nodeType]) => nodeType.test(node.type)) ?? [];
			const credential = type && chosen[type];
			return credential ? { ...node, credentials: { [type]: credential } } : node;
		}),
	};
}
