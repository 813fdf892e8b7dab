import { addressIn } from './address';
import { Failure } from '../failure';
import type { Body, Media, MediaAnswer } from './files';
import { steady } from './steady';
import { undelivered } from './undelivered';

const MOST_REDIRECTS = 5;

/** What the body came with. */
export interface Source {
	/** Where it was in the end. */
	address: URL;
	headers: MediaAnswer['headers'];
}

export interface Download<T> {
	link: string;
	/** How long to wait for the answer, and for more of it. */
	timeoutMs: number;
	/** Ends it at once. */
	signal: AbortSignal;
	/** Reads the body to its end. */
	take: (body: Body, source: Source) => Promise<T>;
}

/**
 * Gets what a link leads to. Redirects are followed by hand, so that each is looked at before
 * anything is sent.
 * @throws Failure
 */
export async function download<T>(media: Media, wanted: Download<T>): Promise<T> {
	let address = addressIn(wanted.link, media.baseUrl);
	for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
		const found = await visit(media, address, wanted);
		if ('taken' in found) return found.taken;
		address = addressIn(found.redirect, media.baseUrl, address);
	}
	throw undelivered(`Its link was redirected more than ${MOST_REDIRECTS} times`);
}

type Found<T> = { taken: T } | { redirect: string };

async function visit<T>(
	media: Media,
	address: URL,
	{ timeoutMs, signal, take }: Download<T>,
): Promise<Found<T>> {
	// Ends the connection also where a body is not read, or not to its end.
	const over = new AbortController();
	let stoodStill = false;
	try {
		const asking = { timeoutMs, signal: AbortSignal.any([signal, over.signal]) };
		const { statusCode: status, headers, body } = await media.open(address, asking);
		const redirects = status >= 300 && status < 400;
		if (redirects && headers.location !== undefined) return { redirect: headers.location };
		if (status < 200 || status >= 300) throw refused(status);

		const whole = steady(body, timeoutMs, over.signal, () => {
			stoodStill = true;
			over.abort();
		});
		const taken = await take(whole, { address, headers }).catch((error: Error) => {
			if (error instanceof Failure) throw error;
			if (stoodStill) {
				throw undelivered(`Nothing more came for ${timeoutMs / 1_000} seconds`, null, 'TIMEOUT');
			}
			// Node tells a body that is cut from one that is whole, by its length or its last chunk.
			if (body.errored) {
				throw undelivered('The connection ended before all of it had come', null, 'TIMEOUT');
			}
			throw undelivered(`This n8n could not keep it: ${error.message}`);
		});
		return { taken };
	} finally {
		over.abort();
	}
}

/** What hosts of files answer for a link whose time is over. */
const expired = [403, 410];

function refused(status: number): Failure {
	const like = expired.includes(status) ? ', as an expired one does' : '';
	const mayPass = status >= 500 || status === 429;
	return undelivered(
		`Its link answered with status ${status}${like}`,
		status,
		mayPass ? 'INTERNAL_ERROR' : 'DOWNLOAD_FAILED',
	);
}
