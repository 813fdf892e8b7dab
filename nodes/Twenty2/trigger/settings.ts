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

/** The node's fields, read and checked. */
export interface Settings {
	generation: Generation;
	simplify: boolean;
	/** Whether Twenty2 is asked for the call of each event. */
	verify: boolean;
}

const whereToLook =
	'Check the field in the Twenty2 Trigger node and, if it is an expression, what it yields';

/** Reads the fields while a delivery is received. */
export const readerOfDelivery = (n8n: IWebhookFunctions) =>
	new FieldReader((...asked) => n8n.getNodeParameter(...asked), whereToLook);

/** Reads the fields in the execution that a delivery has started. */
export const readerOfExecution = (n8n: IExecuteFunctions) =>
	new FieldReader((path, ...asked) => n8n.getNodeParameter(path, 0, ...asked), whereToLook);

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
 * Twenty2 is asked where there is a credential and no secret. The option Verify overrides that either way.
 * @throws Failure `INVALID_INPUT`, also when Verify is switched on without a credential
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

/** Whether an event starts the workflow. @throws Failure `INVALID_INPUT` naming a wrong field */
export function wants(reader: FieldReader, { event, assistantId = '' }: CallEvent): boolean {
	const events = reader.read(fields.events, eventNames);
	const ids = assistantIdsIn(reader);
	return events.includes(event) && (ids.length === 0 || ids.includes(assistantId));
}

/**
 * The assistants whose calls start the workflow. An empty list means all of them, so an expression that yields no ID
 * is a failure.
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

/** Whether a URL carries the secret, or there is none. @throws Failure `INVALID_INPUT` when the option is unusable */
export function isAuthorized(reader: FieldReader, query: unknown): boolean {
	const secret = secretOf(reader);
	return secret === undefined || carriesSecret(query, secret);
}

/** In a URL these characters mean something else, so that the secret would not arrive as it was entered. */
const changedInUrls = /[+&#%\s]/;

/**
 * The secret, undefined when the option was not added.
 * @throws Failure `INVALID_INPUT` when the option is empty, which must not admit everybody, or no URL can carry it
 */
function secretOf(reader: FieldReader): string | undefined {
	const secret = reader.readAddedOption(fields.secret, text);
	if (secret === undefined || !changedInUrls.test(secret)) return secret;
	throw Failure.ofInput(
		'INVALID_INPUT',
		`${fields.secret.displayName} has a character that a URL changes: + & # % or a space`,
		'Make it of letters and digits, here and in the URL that is pasted in Twenty2',
	);
}

const secretQuery = z.object({ secret: z.string() });

/** Whether a query carries the secret. Digests of one length are compared in constant time, which reveals nothing. */
export function carriesSecret(query: unknown, secret: string): boolean {
	const parsed = secretQuery.safeParse(query);
	return parsed.success && timingSafeEqual(digestOf(parsed.data.secret), digestOf(secret));
}

const digestOf = (content: string) => createHash('sha256').update(content).digest();
