import { Access } from '../../../nodes/Twenty2/policy/access';
import { Budget } from '../../../nodes/Twenty2/policy/budget';
import type { Outcome } from '../../../nodes/Twenty2/policy/outcome';
import { untilAnswered } from '../../../nodes/Twenty2/policy/retry';
import { TooManyRequests } from '../twenty2';
import type { Client } from './client';

const limits = { requestsPerMinute: 60, concurrentCalls: 3 };
const patience = { maxRetries: 3, giveUpAfterMs: 300_000 };

function outcomeOf(rejection: unknown): Outcome {
	if (!(rejection instanceof TooManyRequests)) return { is: 'answered' };
	const { message, retryAfterMs } = rejection;
	return { is: 'rate limited', message, retryAfterMs, unsent: rejection };
}

const verdictOn = (rejection: Error) => ({
	outcome: outcomeOf(rejection),
	again: rejection instanceof TooManyRequests,
});

/** The node's own policy, with its default options. */
export const nodePolicy: Client = (twenty2) => {
	const access = new Access(new Budget(limits));
	const look = async (callId: string) =>
		await twenty2.isOver(callId).then(
			(isOver) => ({ outcome: { is: 'answered' } as const, isOver }),
			(rejection: unknown) => ({ outcome: outcomeOf(rejection) }),
		);
	return async (stopped) => {
		const request = { what: 'Call', signal: stopped, look };
		const create = { kind: 'create', request, patience, verdictOn } as const;
		await untilAnswered(access, create, async (lease) => {
			lease.settle({ is: 'answered', callId: await twenty2.create() });
			lease.release();
		});
	};
};
