import { inMegabytes, type BodyStream } from '../bodyStream';
import { Failure } from '../failure';
import { sleep } from '../requestTimeout';
import type { Media, MediaAnswer } from './files';
import { isPrivate } from './privateHost';

const MAX_REDIRECTS = 5;

/** A telephone recording has 8,000 bytes a second. A slower download counts as standing still. */
const LEAST_BYTES_PER_SECOND = 1_000;

/** Where a file came from. */
export interface Source {
	/** The address after all redirects. */
	address: URL;
	headers: MediaAnswer['headers'];
}

export interface Download<T> {
	link: string;
	/** How long to wait for the answer, and for each next part of it, in milliseconds. */
	timeoutMs: number;
	/** How long the file may be, after decompression. */
	maxBytes: number;
	/** Ends the download at once. */
	signal: AbortSignal;
	/** Reads the body to its end. */
	read: (body: BodyStream, source: Source) => Promise<T>;
}

/**
 * Downloads the file that a link leads to. Each address is checked before a request goes there.
 * @returns what `read` makes of the file
 * @throws Failure with a code of `downloadFailure`
 */
export async function download<T>(media: Media, wanted: Download<T>): Promise<T> {
	let address = addressOf(wanted.link, media.baseUrl);
	for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
		const found = await visit(media, address, wanted);
		if ('file' in found) return found.file;
		address = addressOf(found.redirect, media.baseUrl, address);
	}
	throw downloadFailure(`Its link was redirected more than ${MAX_REDIRECTS} times`);
}

/**
 * The address of a link that may be followed: https to any public host, and http only to Twenty2's own host
 * where the Base URL is http, too.
 * @param from the address that redirects there
 * @throws Failure when the link must not be followed
 */
export function addressOf(link: string, baseUrl: string, from?: URL): URL {
	const base = from?.href;
	if (!URL.canParse(link, base)) throw downloadFailure('Its link is not an address');
	const address = new URL(link, base);
	const { protocol, host, hostname } = address;
	const own = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
	const isOwn = host === own?.host && protocol === own.protocol;
	if (protocol !== 'https:' && !isOwn) {
		throw downloadFailure(`Its link leads to ${protocol}//${host}, and only https is followed`);
	}
	if (hostname !== own?.hostname && isPrivate(hostname)) {
		throw downloadFailure(`Its link leads to ${host}, which is not on the internet`);
	}
	return address;
}

/** A retry may help after `INTERNAL_ERROR` and `TIMEOUT`. After `NOT_READY` and `EMPTY` the file may come later. */
type Code = 'DOWNLOAD_FAILED' | 'INTERNAL_ERROR' | 'TIMEOUT' | 'NOT_READY' | 'EMPTY';

/** The failure of a download. @param status of the answer, null where no whole answer came */
export function downloadFailure(
	message: string,
	status: number | null = null,
	code: Code = 'DOWNLOAD_FAILED',
): Failure {
	return Failure.ofNode(code, message, { status });
}

type Found<T> = { file: T } | { redirect: string };

/** Requests one address and reads the file if there is one. */
async function visit<T>(media: Media, address: URL, wanted: Download<T>): Promise<Found<T>> {
	const { timeoutMs, signal, read } = wanted;
	// Closes the connection also where the body is not read, or not to its end.
	const done = new AbortController();
	let ended: Failure | undefined;
	try {
		const openUntil = { timeoutMs, signal: AbortSignal.any([signal, done.signal]) };
		const { statusCode: status, headers, body } = await media.open(address, openUntil);
		const redirects = status >= 300 && status < 400;
		if (redirects && headers.location !== undefined) return { redirect: headers.location };
		if (status < 200 || status >= 300 || status === ACCEPTED) throw statusFailure(status);
		if (Number(headers['content-length']) > wanted.maxBytes) throw tooLong(wanted.maxBytes);

		const came = { bytes: 0 };
		const watched = bounded(body, wanted, came, done.signal, (reason) => {
			ended ??= reason;
			done.abort();
		});
		await firstPart(watched);
		const isPage = html.test(headers['content-type'] ?? '');
		if (came.bytes === 0 && !watched.errored && !isPage) throw ended ?? empty(status);
		const file = await read(watched, { address, headers }).catch((error: Error) => {
			if (ended) throw ended;
			if (error instanceof Failure) throw error;
			// Node sets an error on a body that is cut off, by its length or its last chunk.
			if (body.errored) {
				throw downloadFailure('The connection ended before all of it had come', null, 'TIMEOUT');
			}
			throw downloadFailure(`This n8n could not keep it: ${error.message}`);
		});
		if (ended) throw ended;
		return { file };
	} finally {
		done.abort();
	}
}

/** Waits until the first part of a stream has come, or its end. */
async function firstPart(stream: BodyStream): Promise<void> {
	await new Promise<void>((resolve) => {
		for (const event of ['readable', 'error', 'close']) stream.once(event, () => resolve());
	});
}

/**
 * Passes a stream on as long as it is not too long and another part comes within each timeout. The whole
 * download may take as long as it needs.
 * @param came counts what has come
 * @param done fires when the stream is no longer read
 * @param end is given the reason why the stream may not go on
 */
function bounded(
	body: BodyStream,
	{ timeoutMs, maxBytes }: Pick<Download<unknown>, 'timeoutMs' | 'maxBytes'>,
	came: { bytes: number },
	done: AbortSignal,
	end: (reason: Failure) => void,
): BodyStream {
	const leastPart = (LEAST_BYTES_PER_SECOND * timeoutMs) / 1_000;
	let lastPartAt = performance.now();
	let sinceThen = 0;
	const watch = async () => {
		for (let left = timeoutMs; left > 0; left = lastPartAt + timeoutMs - performance.now()) {
			await sleep(left, done);
			// After the end of the stream, n8n may still be storing its last part.
			if (body.readableEnded) return;
		}
		end(standstill(sinceThen, timeoutMs));
	};
	void watch().catch(() => undefined);
	return body.map((chunk: Buffer) => {
		came.bytes += chunk.length;
		if (came.bytes > maxBytes) {
			const reason = tooLong(maxBytes);
			end(reason);
			throw reason;
		}
		sinceThen += chunk.length;
		if (sinceThen >= leastPart) {
			lastPartAt = performance.now();
			sinceThen = 0;
		}
		return chunk;
	});
}

function standstill(bytes: number, ms: number): Failure {
	const what = bytes === 0 ? 'Nothing more came for' : `No more than ${bytes} bytes came in`;
	return downloadFailure(`${what} ${ms / 1_000} seconds`, null, 'TIMEOUT');
}

export function tooLong(maxBytes: number): Failure {
	return downloadFailure(`It is longer than ${inMegabytes(maxBytes)}`, 200);
}

/** The type of a page, which is not the file, even if it is empty. */
const html = /\bx?html\b/i;

const empty = (status: number) => downloadFailure('It is empty', status, 'EMPTY');

/** The statuses of a file that is still being made. */
const ACCEPTED = 202;
const unfinished = [ACCEPTED, 404];

/** The statuses with which hosts of files answer a link that has expired. */
const expired = [403, 410];

function statusFailure(status: number): Failure {
	const like = expired.includes(status) ? ', as an expired one does' : '';
	const message = `Its link answered with status ${status}${like}`;
	if (unfinished.includes(status)) return downloadFailure(message, status, 'NOT_READY');
	const mayPass = status >= 500 || status === 429;
	return downloadFailure(message, status, mayPass ? 'INTERNAL_ERROR' : 'DOWNLOAD_FAILED');
}
