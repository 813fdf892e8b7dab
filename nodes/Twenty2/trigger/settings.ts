import { createHash, timingSafeEqual } from 'crypto';
import type { IExecuteFunctions, INode, IWebhookFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { Generation } from '../api/client';
import { Failure } from '../api/failure';
import { authentication, generationName, generations } from '../connection/authentication';
import { FieldReader } from '../operations/fields/parameters';
import { text, yesOrNo } from '../operations/fields/schemas';
import type { CallEvent } from './event';
import * as fields from './fields';

/** How events are taken up: the node's fields, read and checked. */
export interface Settings {
	/** By the value of the field Authentication. */
	generation: Generation;
	simplify: boolean;
	/** Whether Twenty2 is asked for the call of each event. */
	verify: boolean;
}

const whereToLook =
	'Check the field in the Twenty2 Trigger node and, if it is an expression, what it yields';

/** Reads the fields while a delivery is received. */
export const readerOfDelivery = (n8n: IWebhookFunctions): FieldReader =>
	new FieldReader(
		(path, absent, options) => n8n.getNodeParameter(path, absent, options),
		whereToLook,
	);

/** Reads the fields in the execution that a delivery has started. */
export const readerOfExecution = (n8n: IExecuteFunctions): FieldReader =>
	new FieldReader(
		(path, absent, options) => n8n.getNodeParameter(path, 0, absent, options),
		whereToLook,
	);

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

/**
 * Twenty2 is asked where there is a credential, unless the sender proves itself by a secret. The option
 * Verify overrides that either way.
 * @throws Failure `INVALID_INPUT` naming the field that holds a wrong value, or when Verify is switched
 * on without a credential
 */
export function settingsOf(reader: FieldReader, { credentials }: INode): Settings {
	const generation = generations[reader.read(authentication, generationName)];
	const hasCredential = credentials?.[generation.credentialType] !== undefined;
	const verify = reader.readAddedOption(fields.verify, yesOrNo);
	if (verify === true && !hasCredential) {
		throw Failure.ofInput(
			'INVALID_INPUT',
			'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
			'Choose a Twenty2 credential, or switch Verify off',
		);
	}
	return {
		generation,
		simplify: reader.read(fields.simplify, yesOrNo),
		verify: verify ?? (hasCredential && secretOf(reader) === undefined),
	};
}

/**
 * Whether an event is one of those that start the workflow.
 * @throws Failure `INVALID_INPUT` naming the field that holds a wrong value
 */
export function wants(reader: FieldReader, { event, assistantId = '' }: CallEvent): boolean {
	const events = reader.read(fields.events, eventNames);
	const assistantIds = assistantIdsIn(reader);
	return (
		events.includes(event) && (assistantIds.length === 0 || assistantIds.includes(assistantId))
	);
}

/**
 * The assistants whose calls start the workflow; an empty list means all of them. An expression that
 * yields no ID, for instance of a table without rows, is a failure: it must not mean all of them.
 */
function assistantIdsIn(reader: FieldReader): string[] {
	const field = fields.assistantIds;
	const ids = reader.read(field, idList).filter((id) => id !== '');
	if (ids.length === 0 && reader.isExpression(field)) {
		throw Failure.ofInput(
			'INVALID_INPUT',
			`${field.displayName} is an expression that yields none`,
			'Check what the expression yields. For all assistants, leave the field empty, without an expression.',
		);
	}
	return ids;
}

/**
 * Whether the URL of a delivery carries the secret, or the option Secret was not added.
 * @throws Failure `INVALID_INPUT` when the option is empty
 */
export function isAuthorized(reader: FieldReader, query: unknown): boolean {
	const secret = secretOf(reader);
	return secret === undefined || carriesSecret(query, secret);
}

/**
 * The secret, undefined when the option was not added. An option that was added and is empty, as an
 * expression may be, is a failure: it must not admit everybody.
 */
const secretOf = (reader: FieldReader) => reader.readAddedOption(fields.secret, text);

const secretQuery = z.object({ secret: z.string() });

/**
 * Whether the query of a URL carries the secret. The digests that are compared have one length
 * whatever was sent, and the comparison takes constant time, so its time reveals nothing.
 */
export function carriesSecret(query: unknown, secret: string): boolean {
	const parsed = secretQuery.safeParse(query);
	return parsed.success && timingSafeEqual(digestOf(parsed.data.secret), digestOf(secret));
}

const digestOf = (content: string) => createHash('sha256').update(content).digest();
