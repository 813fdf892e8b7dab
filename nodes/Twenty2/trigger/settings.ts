import { NodeOperationError, type INodeProperties, type IWebhookFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { Generation } from '../api/client';
import { authentication, generationName, generations } from '../connection/authentication';
import { text, yesOrNo } from '../operations/fields/schemas';
import type { CallEvent } from './event';
import * as fields from './fields';

/** What the node's fields ask for. */
export interface Settings {
	/** By the value of the field Authentication. */
	generation: Generation;
	wants: (event: CallEvent) => boolean;
	simplify: boolean;
	/** Undefined where the user leaves it to the node. */
	verify: boolean | undefined;
}

const notEvents = 'must name at least one of call.completed and call.failed';
const eventNames = z
	.array(z.enum(['call.completed', 'call.failed'], notEvents), notEvents)
	.check(z.minLength(1, notEvents));

const notIds = 'must be text or a list of texts';
const idList = z.union(
	[
		z.array(text),
		z.pipe(
			z.string(),
			z.transform((list) => list.split(',').map((id) => id.trim())),
		),
	],
	notIds,
);

/** @throws NodeOperationError naming the field that holds something else than it should */
export function settingsOf(n8n: IWebhookFunctions): Settings {
	const events = read(n8n, fields.events, eventNames);
	const assistantIds = assistantIdsOf(n8n);
	return {
		generation: generations[read(n8n, authentication, generationName)],
		wants: ({ event, assistantId = '' }) =>
			events.includes(event) && (assistantIds.length === 0 || assistantIds.includes(assistantId)),
		simplify: read(n8n, fields.simplify, yesOrNo),
		verify: readOption(n8n, fields.verify, yesOrNo),
	};
}

/**
 * Which assistants' calls start the workflow; none: all do. An expression that yields none, as a
 * table without rows does, must not let all start it.
 */
function assistantIdsOf(n8n: IWebhookFunctions): string[] {
	const field = fields.assistantIds;
	const ids = read(n8n, field, idList).filter((id) => id !== '');
	const raw: unknown = n8n.getNodeParameter(field.name, null, { rawExpressions: true });
	if (ids.length === 0 && typeof raw === 'string' && raw.startsWith('=')) {
		throw unusable(
			n8n,
			`${field.displayName} is an expression that yields none`,
			'Check what the expression yields. For all assistants, leave the field empty, without an expression.',
		);
	}
	return ids;
}

/**
 * What the URL has to carry, or undefined where the option was not added. One that was added and is
 * empty, as an expression may be, must not let everybody in.
 * @throws NodeOperationError when it is empty
 */
export function secretOf(n8n: IWebhookFunctions): string | undefined {
	return readOption(n8n, fields.secret, text);
}

function readOption<T>(
	n8n: IWebhookFunctions,
	field: INodeProperties,
	schema: z.ZodMiniType<T>,
): T | undefined {
	const path = `options.${field.name}`;
	const wasAdded = n8n.getNodeParameter(path, null, { rawExpressions: true }) !== null;
	return wasAdded ? read(n8n, field, schema, path) : undefined;
}

function read<T>(
	n8n: IWebhookFunctions,
	field: INodeProperties,
	schema: z.ZodMiniType<T>,
	path = field.name,
): T {
	const parsed = schema.safeParse(valueOf(n8n, field, path));
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw unusable(n8n, `${field.displayName} ${issue?.message}`);
}

function valueOf(n8n: IWebhookFunctions, field: INodeProperties, path: string): unknown {
	try {
		return n8n.getNodeParameter(path, null);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw unusable(
			n8n,
			`The expression in ${field.displayName} could not be worked out: ${reason}`,
		);
	}
}

const whereToLook =
	'Check the field in the Twenty2 Trigger node and, if it is an expression, what it yields';

/**
 * n8n answers such a delivery with status 500, so that whoever sent it can tell that it was not
 * taken up, and shows the message as a failed execution of the workflow.
 */
export function unusable(
	n8n: IWebhookFunctions,
	message: string,
	description = whereToLook,
): NodeOperationError {
	return new NodeOperationError(n8n.getNode(), message, { description });
}
