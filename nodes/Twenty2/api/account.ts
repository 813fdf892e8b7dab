import * as z from 'zod/v4/mini';

import { Failure } from './failure';
import { isPrivate } from './media/privateHost';

/** The content of a credential: the key, the address of Twenty2, and the limits of the key. */
export interface Account {
	apiKey: string;
	/** Without a slash at the end. */
	baseUrl: string;
	/** Where the API-key generation has its calls, below the base URL. */
	callsPath?: string;
	limits: { requestsPerMinute: number; concurrentCalls: number };
	/** The headers that sign a request. n8n sets them itself, except in its connection test. */
	headers: Record<string, string>;
}

/** Goes into a header, so only visible ASCII. A line break is often copied along by mistake. */
export const secret = z
	.string('is empty')
	.check(z.regex(/^[\x21-\x7e]+$/, 'must not be empty or contain spaces'));

const notWhole = 'must be a whole number from 1 up';
const limit = z.pipe(
	z.pipe(z.union([z.number(), z.string()], notWhole), z.transform(Number)),
	z.number(notWhole).check(z.int(notWhole), z.gte(1, notWhole)),
);

const notAddress = 'must be an address like https://api.twentytwo.in';
const notSecure = 'must begin with https://, because http:// would send the key unencrypted';

/** Over http, only a private network can read the key. */
function isSecure(address: string): boolean {
	const { protocol, hostname } = new URL(address);
	return protocol === 'https:' || isPrivate(hostname);
}

/** All spellings of an address become one, because a key has one budget at each address. */
function inOneSpelling(address: string): string {
	// zod also calls this for an address that did not pass the checks.
	if (!URL.canParse(address)) return address;
	const { origin, pathname } = new URL(address);
	return (origin + pathname).replace(/(?<!\/)\/+$/, '');
}

/** The fields that the credentials of all generations have. */
export const accountFields = {
	apiKey: secret,
	baseUrl: z.pipe(
		z.string(notAddress).check(
			z.trim(),
			z.regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i, { error: notAddress, abort: true }),
			z.refine((address) => URL.canParse(address), { error: notAddress, abort: true }),
			z.refine(isSecure, notSecure),
		),
		z.transform(inOneSpelling),
	),
	requestsPerMinute: limit,
	concurrentCalls: limit,
};

/** The names of the fields in the editor. */
const labels: Partial<Record<PropertyKey, string>> = {
	apiKey: 'API Key',
	apiSecret: 'API Secret',
	workspaceId: 'Workspace ID',
	baseUrl: 'Base URL',
	callsPath: 'Calls Path',
	requestsPerMinute: 'Requests per Minute',
	concurrentCalls: 'Concurrent Calls',
};

/** @throws Failure `INVALID_INPUT` naming the field of the credential */
export function parseCredential<T>(schema: z.ZodMiniType<T>, credential: unknown): T {
	const parsed = schema.safeParse(credential);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	const label = labels[issue?.path[0] ?? ''] ?? 'One field';
	throw Failure.ofInput(
		'INVALID_INPUT',
		`${label} in the Twenty2 credential ${issue?.message}`,
		'Open the credential and correct it',
	);
}
