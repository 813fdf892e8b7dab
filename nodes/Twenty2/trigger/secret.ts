import { createHash, timingSafeEqual } from 'crypto';
import * as z from 'zod/v4/mini';

const carried = z.object({ secret: z.string() });

/**
 * Whether the query of a URL carries the secret. Compares digests, which are equally long whatever
 * was sent, so that the time it takes tells nothing about the secret.
 */
export function carriesSecret(query: unknown, secret: string): boolean {
	const parsed = carried.safeParse(query);
	return parsed.success && timingSafeEqual(digestOf(parsed.data.secret), digestOf(secret));
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();
