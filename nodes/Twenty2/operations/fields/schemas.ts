import * as z from 'zod/v4/mini';

const empty: unknown[] = [undefined, null, ''];

/** Text without the space around it. Numbers count as text, because tables often hold them instead. */
export const text = z.pipe(
	z.union([z.string(), z.number()], {
		error: ({ input }) => (empty.includes(input) ? 'is empty' : 'must be text'),
	}),
	z.pipe(z.transform(String), z.string().check(z.trim(), z.minLength(1, 'is empty'))),
);

/** Twenty2's IDs are far shorter. */
const MAX_ID_LENGTH = 200;

const longId = `must not be longer than ${MAX_ID_LENGTH} characters`;

/** An ID of Twenty2's. It becomes part of an address, so it must not hold characters that lead elsewhere. */
export const identifier = z.pipe(
	text,
	z
		.string()
		.check(
			z.maxLength(MAX_ID_LENGTH, { error: longId, abort: true }),
			z.regex(/^(?:(?![/\\?#%])[!-~])+$/, 'must not contain spaces or slashes'),
			z.regex(/[^.]/, 'must not consist of dots'),
		),
);

/** The value of a switch. */
export const yesOrNo = z.boolean('must be true or false');

export function wholeNumber(least: number): z.ZodMiniType<number> {
	const otherwise = `must be a whole number from ${least} up`;
	return z.number(otherwise).check(z.int(otherwise), z.gte(least, otherwise));
}

/** A number of seconds, minutes or the like. @param unit in the plural, for the message */
export function numberOf(unit: string, least: number, most = Infinity): z.ZodMiniType<number> {
	const range = most === Infinity ? `${least} up` : `${least} to ${most}`;
	const otherwise = `must be a number of ${unit} from ${range}`;
	return z.number(otherwise).check(z.gte(least, otherwise), z.lte(most, otherwise));
}
