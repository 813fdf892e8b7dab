import { sleep } from './sleep';

/** A request took longer than it may. Its code is that of Node's own timeouts. */
class TimedOut extends Error {
	readonly code = 'ETIMEDOUT';
}

/** Why the time of a request is no longer measured. One for all of them: making an error takes a while. */
const done = new Error('The request is over');

/**
 * Bounds a request in time. The timeout of n8n's helper is only silence between two bytes, so an answer
 * that drips would never end.
 * @param ms how long the request may take from now on, in milliseconds
 * @param stopped ends the request early; a request without it is only ended by the timeout
 * @param send is given the signal that cuts the connection
 * @throws an error with the code `ETIMEDOUT`, or what `send` rejects with
 */
export async function withinTime<T>(
	ms: number,
	stopped: AbortSignal | undefined,
	send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const cut = new AbortController();
	const over = new AbortController();
	const timedOut = new Promise<never>((_, reject) => {
		sleep(ms, over.signal).then(
			() => {
				reject(new TimedOut());
				cut.abort();
			},
			() => undefined,
		);
	});
	const signal = stopped ? AbortSignal.any([stopped, cut.signal]) : cut.signal;
	return await Promise.race([send(signal), timedOut]).finally(() => over.abort(done));
}
