import * as workflow from 'n8n-workflow';

type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** n8n 1 ignores the signal in `sleep` and has `sleepWithAbort` for it, which n8n 2 has no longer. */
const {
	sleep: sleepOnN8n2,
	sleepWithAbort = sleepOnN8n2,
}: { sleep: Sleep; sleepWithAbort?: Sleep } = workflow;

/** n8n's sleep, at most 2^31 - 1 ms. @throws an error when the signal fires */
export const sleep: Sleep = async (ms, signal) => await sleepWithAbort(ms, signal);

/** A request took longer than it may. Its code is that of Node's own timeouts. */
class TimedOut extends Error {
	readonly code = 'ETIMEDOUT';
}

/** Why the timer of a request stops. It is made once, because making an error takes a while. */
const done = new Error('The request is over');

/**
 * Bounds a request in time. The timeout of n8n's helper only bounds the silence between two bytes.
 * @param stopped ends the request early
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
