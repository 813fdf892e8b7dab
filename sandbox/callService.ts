import { callNotFound, invalidAssistant, rateLimitExceeded } from './apiError';
import { errorOf, placesCall } from './behaviours';
import { stateOf, type Call, type CallOrigin, type CallRequest, type CallState } from './calls';
import type { Context } from './context';
import { recordingLink, transcriptLink, type Link } from './mediaLinks';
import { sleep } from './sleep';

/** A call, its current state, and its links. Only a completed call has links, a while after its end. */
export interface CallDetails {
	call: Call;
	state: CallState;
	links: { recording?: Link; transcript?: Link };
}

/** Places and reads calls for one request. Both generations use it. It applies the behaviours. */
export class CallService {
	/** @param toField the generation's body field for the called number, named in field errors */
	constructor(
		private readonly context: Context,
		private readonly origin: CallOrigin,
		private readonly toField: string,
	) {}

	/** Places a call. */
	async create(request: CallRequest): Promise<Call> {
		const { accounts, creates } = this.context;
		const assistant = accounts.assistants.find(({ id }) => id === request.assistant);
		if (!assistant?.published) throw invalidAssistant();

		const behaviour = creates.next(request.number);
		if (behaviour === undefined) return this.place(request, true);
		if (behaviour.kind === 'unanswered') return this.place(request, false);
		if (behaviour.kind === 'slow') {
			// The call is placed before the pause: a client that times out has still caused a call.
			const call = this.place(request, true);
			await sleep(behaviour.ms);
			return call;
		}
		if (placesCall(behaviour)) this.place(request, true);
		throw errorOf(behaviour, this.toField);
	}

	/** Reads one call. Calls of another owner are not found. */
	async read(callId: string): Promise<CallDetails> {
		await this.applyReadBehaviour(callId);
		const call = this.context.calls.find(callId, this.origin.owner);
		if (call === undefined) throw callNotFound();
		return this.details(call);
	}

	/** All calls of the owner, newest first. */
	async list(): Promise<CallDetails[]> {
		await this.applyReadBehaviour('*');
		const calls = this.context.calls.of(this.origin.owner);
		return calls.reverse().map((call) => this.details(call));
	}

	private async applyReadBehaviour(callId: string): Promise<void> {
		const { reads } = this.context;
		const behaviour = reads.next(reads.has(callId) ? callId : '*');
		if (behaviour?.kind === 'slow') await sleep(behaviour.ms);
		else if (behaviour !== undefined) throw errorOf(behaviour, this.toField);
	}

	private place(request: CallRequest, answered: boolean): Call {
		const { calls, clock, limits, pace, seen } = this.context;
		const now = clock();
		const live = calls.live(this.origin.key, now);
		if (limits.refuseConcurrent && live.length >= limits.concurrentCalls) {
			const firstEnd = Math.min(...live.map(({ endedAt }) => endedAt));
			throw rateLimitExceeded(
				`Limit of ${limits.concurrentCalls} concurrent calls reached`,
				limits.retryAfter ? firstEnd - now : undefined,
			);
		}
		const call = calls.place(request, this.origin, now, pace, answered);
		if (call.beginsAt <= now) seen.countLive(live.length + 1);
		return call;
	}

	private details(call: Call): CallDetails {
		const { clock, media, url } = this.context;
		const now = clock();
		const state = stateOf(call, now);
		const isLinked = state.completed && now >= call.endedAt + media.linkDelayMs;
		if (!isLinked) return { call, state, links: {} };
		const recording = recordingLink(url, call, now, media);
		const transcript = transcriptLink(url, call, now, media);
		return { call, state, links: { recording, transcript } };
	}
}
