import * as z from 'zod/v4';
import { ApiError } from './apiError';
import { ReplyOverride } from './reply';

/** The number of requests it applies to. */
const times = z.number().int().positive().optional();
/** Whether the call is placed in spite of the error. */
const places = z.boolean().optional();
const status = z.number().int().min(200).max(599);

const answer = z.strictObject({
	kind: z.literal('answer'),
	status,
	headers: z.record(z.string(), z.string()).optional(),
	body: z.unknown().optional(),
	times,
	places,
});
const refuse = z.strictObject({
	kind: z.literal('refuse'),
	status,
	code: z.string().optional(),
	message: z.string(),
	/** The invalid field. `to` is the called number, which each generation names differently. */
	field: z.enum(['to', 'input_parameters']).optional(),
	retryAfterSeconds: z.number().nonnegative().optional(),
	/** The HTTP status, where it differs from the one in the envelope. */
	sentAs: status.optional(),
	times,
	places,
});
const tooMany = z.strictObject({
	kind: z.literal('429'),
	retryAfterSeconds: z.number().nonnegative().optional(),
	times,
});
const cut = z.strictObject({ kind: z.literal('cut'), times, places });
const hang = z.strictObject({ kind: z.literal('hang'), times, places });
const slow = z.strictObject({ kind: z.literal('slow'), ms: z.number().nonnegative(), times });
const unanswered = z.strictObject({ kind: z.literal('unanswered'), times });

const anyName = z.enum([
	'500 once',
	'500 twice',
	'500 always',
	'503 once',
	'503 always',
	'502 html',
	'504 html',
	'429 once',
	'429 always',
	'empty 200',
	'odd 200',
	'cut',
	'hang',
	'unknown code',
	'teapot',
]);
const createName = z.enum([
	'refused',
	'422',
	'422 other',
	'envelope under 200',
	'place and cut',
	'place and hang',
	'place and 500',
	'unanswered',
]);

const readDefinition = z.discriminatedUnion('kind', [answer, refuse, tooMany, cut, hang, slow]);
const createDefinition = z.discriminatedUnion('kind', [...readDefinition.options, unanswered]);

/** The behaviour of creates to one number. Without `times` it applies to every request. */
export const behaviourSchema = z.union([anyName, createName, createDefinition]);
/** The behaviour of reads of one call. Without `times` it applies to every request. */
export const readBehaviourSchema = z.union([anyName, readDefinition]);

export type Behaviour = z.infer<typeof behaviourSchema>;
export type ReadBehaviour = z.infer<typeof readBehaviourSchema>;
/** A behaviour of reads in full, instead of by its name. */
export type ReadDefinition = z.infer<typeof readDefinition>;
/** A behaviour of creates in full, instead of by its name. */
export type CreateDefinition = z.infer<typeof createDefinition>;
/** The behaviours that replace the normal answer. */
export type Fault = Exclude<ReadDefinition, { kind: 'slow' }>;

const internalError = {
	kind: 'refuse',
	status: 500,
	code: 'INTERNAL_ERROR',
	message: 'Something went wrong on our side',
} as const;
// The documentation has no code for 503.
const unavailable = { kind: 'refuse', status: 503, message: 'Service unavailable' } as const;
const invalidNumber = {
	kind: 'refuse',
	status: 400,
	code: 'INVALID_NUMBER',
	message: 'to_number is not a valid E.164 phone number',
} as const;
const html = (code: number, title: string) =>
	({
		kind: 'answer',
		status: code,
		headers: { 'content-type': 'text/html' },
		body: `<html><head><title>${code} ${title}</title></head><body><h1>${title}</h1></body></html>`,
	}) as const;

const readDefinitions: Record<z.infer<typeof anyName>, ReadDefinition> = {
	'500 once': { ...internalError, times: 1 },
	'500 twice': { ...internalError, times: 2 },
	'500 always': internalError,
	'503 once': { ...unavailable, times: 1 },
	'503 always': unavailable,
	'502 html': html(502, 'Bad Gateway'),
	'504 html': html(504, 'Gateway Timeout'),
	'429 once': { kind: '429', times: 1 },
	'429 always': { kind: '429' },
	'empty 200': { kind: 'answer', status: 200, places: true },
	'odd 200': { kind: 'answer', status: 200, body: { success: true }, places: true },
	cut: { kind: 'cut' },
	hang: { kind: 'hang' },
	'unknown code': {
		kind: 'refuse',
		status: 400,
		code: 'QUOTA_OF_WORKSPACE_USED',
		message: 'The quota of this workspace is used up',
	},
	teapot: {
		kind: 'answer',
		status: 418,
		headers: { 'content-type': 'text/plain' },
		body: "I'm a teapot",
	},
};

const createDefinitions: Record<z.infer<typeof createName>, CreateDefinition> = {
	refused: invalidNumber,
	'422': { kind: 'refuse', status: 422, message: 'Validation failed', field: 'to' },
	'422 other': {
		kind: 'refuse',
		status: 422,
		message: 'Validation failed',
		field: 'input_parameters',
	},
	'envelope under 200': { ...invalidNumber, sentAs: 200 },
	'place and cut': { kind: 'cut', places: true },
	'place and hang': { kind: 'hang', places: true },
	'place and 500': { ...internalError, places: true },
	unanswered: { kind: 'unanswered' },
};

/** Resolves the name of a behaviour of creates. */
export function defineCreate(behaviour: Behaviour): CreateDefinition {
	if (typeof behaviour !== 'string') return behaviour;
	const name = anyName.safeParse(behaviour);
	return name.success ? readDefinitions[name.data] : createDefinitions[createName.parse(behaviour)];
}

/** Resolves the name of a behaviour of reads. */
export function defineRead(behaviour: ReadBehaviour): ReadDefinition {
	return typeof behaviour === 'string' ? readDefinitions[behaviour] : behaviour;
}

/** Whether the call is placed in spite of the fault. */
export function placesCall(fault: Fault): boolean {
	return fault.kind !== '429' && fault.places === true;
}

/**
 * The error to throw for a fault.
 * @param toField the generation's body field for the called number
 */
export function errorOf(fault: Fault, toField: string): ApiError | ReplyOverride {
	switch (fault.kind) {
		case 'cut':
		case 'hang':
			return new ReplyOverride(fault.kind);
		case 'answer':
			return new ReplyOverride(fault);
		case '429':
			return new ApiError({
				status: 429,
				code: 'RATE_LIMIT_EXCEEDED',
				message: 'Rate limit exceeded',
				headers: retryAfter(fault.retryAfterSeconds),
			});
		case 'refuse': {
			const { code, message, sentAs } = fault;
			const field = fault.field === 'to' ? toField : fault.field;
			return new ApiError({
				status: fault.status,
				code,
				message,
				sentAs,
				fields: field === undefined ? undefined : { [field]: [`${field} is invalid`] },
				headers: retryAfter(fault.retryAfterSeconds),
			});
		}
	}
}

function retryAfter(seconds: number | undefined): Record<string, string> {
	return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}

interface Active<D> {
	definition: D;
	/** The number of requests it still applies to. */
	remaining: number;
	builtIn: boolean;
}

/** The active behaviours, by number or by call_id. */
export class Behaviours<D extends { times?: number }> {
	private readonly active = new Map<string, Active<D>>();

	/**
	 * @param builtIn the behaviour of a key for which none is set. When its `times` are used up,
	 * one request is answered normally, and then it applies again.
	 */
	constructor(private readonly builtIn: (key: string) => D | undefined = () => undefined) {}

	set(key: string, definition: D): void {
		this.active.set(key, activate(definition, false));
	}

	has(key: string): boolean {
		return this.active.has(key);
	}

	/** The behaviour of the next request. Counts the request. Undefined means a normal answer. */
	next(key: string): D | undefined {
		const active = this.active.get(key) ?? this.activateBuiltIn(key);
		if (active === undefined) return undefined;
		if (active.remaining > 0) {
			active.remaining -= 1;
			return active.definition;
		}
		if (active.builtIn) this.active.delete(key);
		return undefined;
	}

	clear(): void {
		this.active.clear();
	}

	private activateBuiltIn(key: string): Active<D> | undefined {
		const definition = this.builtIn(key);
		if (definition === undefined) return undefined;
		const active = activate(definition, true);
		this.active.set(key, active);
		return active;
	}
}

function activate<D extends { times?: number }>(definition: D, builtIn: boolean): Active<D> {
	return { definition, remaining: definition.times ?? Infinity, builtIn };
}
