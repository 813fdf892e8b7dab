/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/v4';

import type { Credential } from './n8n';
import { project } from './pack';

export const examples = join(project, 'examples');

export const exampleSchema = z.looseObject({
	name: z.string(),
	nodes: z.array(
		z.looseObject({
			name: z.string(),
			type: z.string(),
			typeVersion: z.number(),
			parameters: z.looseObject({ authentication: z.string().optional() }),
			credentials: z.unknown().optional(),
		}),
	),
	connections: z.record(z.string(), z.unknown()),
	settings: z.record(z.string(), z.unknown()),
});

export type Example = z.infer<typeof exampleSchema>;

type CredentialType = 'twenty2Api' | 'twenty2WorkspaceApi' | 'openAiApi';

/** The credentials that a user chooses in an example. */
export type Chosen = Partial<Record<CredentialType, Credential>>;

/** The type of the credential that a node needs. Undefined when it needs none. */
export function credentialType(node: Example['nodes'][number]): CredentialType | undefined {
	if (node.type.endsWith('.lmChatOpenAi')) return 'openAiApi';
	if (!node.type.startsWith('n8n-nodes-twenty2.')) return undefined;
	return node.parameters.authentication === 'workspace' ? 'twenty2WorkspaceApi' : 'twenty2Api';
}

export async function readExample(file: string): Promise<Example> {
	return exampleSchema.parse(JSON.parse(await readFile(join(examples, file), 'utf8')));
}

/** An example in which these credentials are chosen. */
export async function exampleWith(file: string, chosen: Chosen): Promise<Example> {
	const { nodes, ...others } = await readExample(file);
	return {
		...others,
		nodes: nodes.map((node) => {
			const type = credentialType(node);
			const credential = type && chosen[type];
			return credential ? { ...node, credentials: { [type]: credential } } : node;
		}),
	};
}
