import { setTimeout as sleep } from 'node:timers/promises';
import type { Accounts } from './accounts';
import { type Behaviours, type Kind, placesCall, type ReadKind, wrongAnswer } from './behaviours';
import { type Call, type Calls, type CallState, type Order, type Pace, stateOf } from './calls';
import type { Caller, Generation } from './generation';
import type { Limits } from './limits';
import { recordingLink, transcriptLink, type Link, type MediaOptions } from './media';
import type { MediaKind } from './mediaBehaviours';
import { callNotFound, invalidAssistant, rateLimitExceeded } from './refusal';
import type { Seen } from './seen';

/** All that the sandbox knows and remembers. */
export interface World {
	readonly accounts: Accounts;
	readonly limits: Limits;
	readonly pace: Pace;
	readonly media: MediaOptions;
	readonly calls: Calls;
	readonly creates: Behaviours<Kind>;
	readonly reads: Behaviours<ReadKind>;
	readonly links: Behaviours<MediaKind>;
	readonly seen: Seen;
	readonly clock: () => number;
	/** Where the sandbox is reached. */
	readonly url: string;
}

/** A call with what it has come to; the links only once it completed. */
export interface Found {
	call: Call;
	state: CallState;
	links: { recording?: Link; transcript?: Link };
}

/** Does what a request asks for, the same for both generations, misbehaviour included. */
export class Desk {
	constructor(
		private readonly world: World,
		private readonly generation: Generation,
		private readonly caller: Caller,
		private readonly idempotencyKey: string | null,
	) {}

	/** Places a call. */
	async create(order: Order): Promise<Call> {
		const { accounts, creates } = this.world;
		const assistant = accounts.assistants.find(({ id }) => id === order.assistant);
		if (!assistant?.published) throw invalidAssistant();

		const kind = creates.next(order.number);
		if (kind === undefined) return this.place(order, true);
		if (kind.kind === 'unanswered') return this.place(order, false);
		if (kind.kind === 'slow') {
			// Placed first: a client that gives up waiting has made somebody's phone ring.
			const call = this.place(order, true);
			await sleep(kind.ms, undefined, { ref: false });
			return call;
		}
		if (placesCall(kind)) this.place(order, true);
		throw wrongAnswer(kind, this.generation.toField);
	}

	/** Looks up one call of this caller. */
	async read(callId: string): Promise<Found> {
		await this.misread(callId);
		const call = this.world.calls.find(callId, this.caller.owner);
		if (call === undefined) throw callNotFound();
		return this.found(call);
	}

	/** All calls of this caller, newest first. */
	async list(): Promise<Found[]> {
		await this.misread('*');
		const calls = this.world.calls.of(this.caller.owner);
		return calls.reverse().map((call) => this.found(call));
	}

	private async misread(callId: string): Promise<void> {
		const { reads } = this.world;
		const kind = reads.next(reads.has(callId) ? callId : '*');
		if (kind?.kind === 'slow') await sleep(kind.ms, undefined, { ref: false });
		else if (kind !== undefined) throw wrongAnswer(kind, this.generation.toField);
	}

	private place(order: Order, answered: boolean): Call {
		const { calls, clock, limits, pace, seen } = this.world;
		const now = clock();
		const live = calls.live(this.caller.key, now);
		if (limits.refuseConcurrent && live.length >= limits.concurrentCalls) {
			const firstEnd = Math.min(...live.map(({ endedAt }) => endedAt));
			throw rateLimitExceeded(
				`Limit of ${limits.concurrentCalls} concurrent calls reached`,
				limits.retryAfter ? firstEnd - now : undefined,
			);
		}
		seen.liveNow(live.length + 1);
		const { idempotencyKey } = this;
		const { key, owner } = this.caller;
		const by = { generation: this.generation.name, key, owner, idempotencyKey };
		return calls.place(order, by, now, pace, answered);
	}

	private found(call: Call): Found {
		const { clock, media, url } = this.world;
		const now = clock();
		const state = stateOf(call, now);
		if (state.status !== 'completed') return { call, state, links: {} };
		const recording = recordingLink(url, call, now, media);
		const transcript = transcriptLink(url, call, now, media);
		return { call, state, links: { recording, transcript } };
	}
}
