import * as z from 'zod/v4';
import { Refusal } from './refusal';
import { Instead } from './reply';

const times = z.number().int().positive().optional();
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
	/** `to` is the called number, whatever the generation calls it. */
	field: z.enum(['to', 'input_parameters']).optional(),
	retryAfterSeconds: z.number().nonnegative().optional(),
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

const nameForAny = z.enum([
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
const nameForCreates = z.enum([
	'refused',
	'422',
	'422 other',
	'envelope under 200',
	'place and cut',
	'place and hang',
	'unanswered',
]);

const kindForAny = z.discriminatedUnion('kind', [answer, refuse, tooMany, cut, hang, slow]);
const kindForCreates = z.discriminatedUnion('kind', [...kindForAny.options, unanswered]);

/** How a create to one number goes wrong. Without `times` it goes wrong always. */
export const behaviourSchema = z.union([nameForAny, nameForCreates, kindForCreates]);
/** How reading one call goes wrong. */
export const readBehaviourSchema = z.union([nameForAny, kindForAny]);

export type Behaviour = z.infer<typeof behaviourSchema>;
export type ReadBehaviour = z.infer<typeof readBehaviourSchema>;
/** A behaviour spelt out. */
export type ReadKind = z.infer<typeof kindForAny>;
export type Kind = z.infer<typeof kindForCreates>;
/** The kinds that answer something else, rather than later or with another end of the call. */
export type Fault = Exclude<ReadKind, { kind: 'slow' }>;

const broken = {
	kind: 'refuse',
	status: 500,
	code: 'INTERNAL_ERROR',
	message: 'Something went wrong on our side',
} as const;
// The documents name no code for 503.
const overloaded = { kind: 'refuse', status: 503, message: 'Service unavailable' } as const;
const refusedNumber = {
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

const readKinds: Record<z.infer<typeof nameForAny>, ReadKind> = {
	'500 once': { ...broken, times: 1 },
	'500 twice': { ...broken, times: 2 },
	'500 always': broken,
	'503 once': { ...overloaded, times: 1 },
	'503 always': overloaded,
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

const createKinds: Record<z.infer<typeof nameForCreates>, Kind> = {
	refused: refusedNumber,
	'422': { kind: 'refuse', status: 422, message: 'Validation failed', field: 'to' },
	'422 other': {
		kind: 'refuse',
		status: 422,
		message: 'Validation failed',
		field: 'input_parameters',
	},
	'envelope under 200': { ...refusedNumber, sentAs: 200 },
	'place and cut': { kind: 'cut', places: true },
	'place and hang': { kind: 'hang', places: true },
	unanswered: { kind: 'unanswered' },
};

/** Spells out a behaviour for creates. */
export function kindOf(behaviour: Behaviour): Kind {
	if (typeof behaviour !== 'string') return behaviour;
	const forAny = nameForAny.safeParse(behaviour);
	return forAny.success ? readKinds[forAny.data] : createKinds[nameForCreates.parse(behaviour)];
}

/** Spells out a behaviour for reads. */
export function readKindOf(behaviour: ReadBehaviour): ReadKind {
	return typeof behaviour === 'string' ? readKinds[behaviour] : behaviour;
}

/** Whether the call is made although the answer is not the proper one. */
export function placesCall(fault: Fault): boolean {
	return fault.kind !== '429' && fault.places === true;
}

/** The wrong answer a fault gives; `toField` is the generation's name for the called number. */
export function wrongAnswer(fault: Fault, toField: string): Refusal | Instead {
	switch (fault.kind) {
		case 'cut':
		case 'hang':
			return new Instead(fault.kind);
		case 'answer':
			return new Instead(fault);
		case '429':
			return new Refusal({
				status: 429,
				code: 'RATE_LIMIT_EXCEEDED',
				message: 'Rate limit exceeded',
				headers: retryAfter(fault.retryAfterSeconds),
			});
		case 'refuse': {
			const { code, message, sentAs } = fault;
			const field = fault.field === 'to' ? toField : fault.field;
			return new Refusal({
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

interface Armed<K> {
	kind: K;
	left: number;
	rearms: boolean;
}

/** Which behaviour is due next, for a number or for a call that is read. */
export class Behaviours<K extends { times?: number }> {
	private readonly armed = new Map<string, Armed<K>>();

	/** `builtIn` behaviours apply unless overridden; used up, they start again one request later. */
	constructor(private readonly builtIn: (key: string) => K | undefined = () => undefined) {}

	set(key: string, kind: K): void {
		this.armed.set(key, arm(kind, false));
	}

	has(key: string): boolean {
		return this.armed.has(key);
	}

	/** Uses up one turn of the behaviour for this key; undefined when all is well. */
	next(key: string): K | undefined {
		const armed = this.armed.get(key) ?? this.armBuiltIn(key);
		if (armed === undefined) return undefined;
		if (armed.left > 0) {
			armed.left -= 1;
			return armed.kind;
		}
		if (armed.rearms) this.armed.delete(key);
		return undefined;
	}

	clear(): void {
		this.armed.clear();
	}

	private armBuiltIn(key: string): Armed<K> | undefined {
		const kind = this.builtIn(key);
		if (kind === undefined) return undefined;
		const armed = arm(kind, true);
		this.armed.set(key, armed);
		return armed;
	}
}

function arm<K extends { times?: number }>(kind: K, rearms: boolean): Armed<K> {
	return { kind, left: kind.times ?? Infinity, rearms };
}
