import * as workflow from 'n8n-workflow';

type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** n8n 1 ignores the signal in `sleep` and has `sleepWithAbort` for it, which n8n 2 has no longer. */
const {
	sleep: sleepOnN8n2,
	sleepWithAbort = sleepOnN8n2,
}: { sleep: Sleep; sleepWithAbort?: Sleep } = workflow;

/**
 * n8n's sleep, which ends when the signal fires.
 * @param ms milliseconds, at most 2^31 - 1
 * @throws an error when the signal fires
 */
export const sleep: Sleep = async (ms, signal) => await sleepWithAbort(ms, signal);
