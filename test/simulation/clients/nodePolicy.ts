import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { sendAndHold, type Outgoing, type Verdict } from '../../../nodes/Twenty2/policy/retry';
import { TooManyRequests } from '../twenty2';
import type { Client } from './client';

const limits = { requestsPerMinute: 60, concurrentCalls: 3 };
const patience = { maxRetries: 3, giveUpAfterMs: 300_000 };

function judge(rejection: Error): Verdict {
	if (!(rejection instanceof TooManyRequests)) return { again: 'never', answered: true };
	const { retryAfterMs } = rejection;
	return { again: 'when permitted', limited: { retryAfterMs, unsent: rejection } };
}

/** The node's own policy, with its default options. */
export const nodePolicy: Client = (twenty2) => {
	const { creates } = new Budget(limits).open();
	const create: Outgoing<string> = {
		what: 'Call',
		send: async () => await twenty2.create(),
		judge,
		call: {
			idOf: (callId) => callId,
			isOver: async (callId) => await twenty2.isOver(callId),
		},
	};
	return async (stopped) => {
		const { release } = await sendAndHold(create, patience, creates, stopped);
		release();
	};
};
