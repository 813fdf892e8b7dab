import { randomUUID } from 'node:crypto';
import { beginsAt } from './ringingHours';

/** The duration of calls. Read when a call is placed. */
export interface Pace {
	/** From the create to the answer, or to the end of an unanswered call, in ms. */
	ringMs: number;
	/** From the answer to the end, in ms. A function returns it for the next answered call. */
	talkMs: number | (() => number);
	/** Whether a call that is placed between 21:00 and 9:00 India time is queued until 9:00. */
	sleepsAtNight: boolean;
	/**
	 * The statuses of an answered call in words that Twenty2 does not document: while it goes on, with a
	 * duration that grows, and when it is over, without `ended_at`.
	 */
	ownStatuses: { live: string; over: string } | null;
}

export const defaultPace: Pace = {
	ringMs: 500,
	talkMs: 2000,
	sleepsAtNight: false,
	ownStatuses: null,
};

export type GenerationName = 'apiKey' | 'workspace';

/** A validated create, in the same form for both generations. Numbers are E.164. */
export interface CallRequest {
	number: string;
	from_number: string;
	assistant: string;
	input_parameters: Record<string, unknown>;
	/** The body as received, including undocumented fields. */
	body: Record<string, unknown>;
}

/** Where a call comes from: the generation, key and `Idempotency-Key` of its create. */
export interface CallOrigin {
	generation: GenerationName;
	/** The key with the generation as prefix. */
	key: string;
	/** The workspace or, on the API key generation, the key. An owner sees its own calls only. */
	owner: string;
	idempotencyKey: string | null;
}

/** A placed call. Times are in ms since 1970. */
export interface Call extends CallRequest, CallOrigin {
	call_id: string;
	placedAt: number;
	/** Until then it is queued, and holds no line. */
	beginsAt: number;
	/** Null when nobody answers. */
	answeredAt: number | null;
	endedAt: number;
	ownStatuses: Pace['ownStatuses'];
}

/** The state of a call at one moment. */
export interface CallState {
	status: string;
	/** Whether it was answered and is over, whatever the status is called. */
	completed: boolean;
	durationSeconds: number;
	cost: string;
	startedAt: string | null;
	endedAt: string | null;
	outputParameters: Record<string, unknown>;
}

const QUEUED_SHARE_OF_RINGING = 0.2;
const INR_PER_MINUTE = 4;

/** The state of a call at a time, in ms since 1970. It is computed, so no timer is needed. */
export function stateOf(call: Call, now: number): CallState {
	const ringsUntil = call.answeredAt ?? call.endedAt;
	const ringsFrom = call.beginsAt + (ringsUntil - call.beginsAt) * QUEUED_SHARE_OF_RINGING;
	const ended = now >= call.endedAt;
	const completed = ended && call.answeredAt !== null;
	const { ownStatuses } = call;
	const talking = !ended && now >= ringsUntil;
	const talkedUntil = talking && ownStatuses ? now : completed ? call.endedAt : ringsUntil;
	const talkMs = talkedUntil - ringsUntil;
	const durationSeconds = Math.ceil(talkMs / 1000);
	const status = () => {
		if (completed) return ownStatuses?.over ?? 'completed';
		if (ended) return 'failed';
		if (now < ringsFrom) return 'queued';
		return talking ? (ownStatuses?.live ?? 'in-progress') : 'ringing';
	};
	return {
		status: status(),
		completed,
		durationSeconds,
		cost: `${((durationSeconds / 60) * INR_PER_MINUTE).toFixed(2)} INR`,
		startedAt: now < ringsFrom ? null : new Date(ringsFrom).toISOString(),
		endedAt: ended && !(completed && ownStatuses) ? new Date(call.endedAt).toISOString() : null,
		outputParameters: completed ? { answered: true } : {},
	};
}

/** All placed calls, oldest first. */
export class Calls {
	readonly all: Call[] = [];

	private readonly byId = new Map<string, Call>();

	/** All calls that have not ended. Ended calls are removed when it is read. */
	private unended: Call[] = [];

	/** Places a call at a time, in ms since 1970. Limits are not checked here. */
	place(request: CallRequest, origin: CallOrigin, at: number, pace: Pace, answered: boolean): Call {
		const { ringMs, talkMs, sleepsAtNight, ownStatuses } = pace;
		const begins = sleepsAtNight ? beginsAt(at) : at;
		const ringEnd = begins + ringMs;
		const talkEnd = () => ringEnd + (typeof talkMs === 'function' ? talkMs() : talkMs);
		const call: Call = {
			...request,
			...origin,
			call_id: `call_${randomUUID().replaceAll('-', '')}`,
			placedAt: at,
			beginsAt: begins,
			answeredAt: answered ? ringEnd : null,
			endedAt: answered ? talkEnd() : ringEnd,
			ownStatuses,
		};
		this.all.push(call);
		this.byId.set(call.call_id, call);
		this.unended.push(call);
		return call;
	}

	/** One call. Undefined when it belongs to another owner. */
	find(callId: string, owner: string): Call | undefined {
		const call = this.byId.get(callId);
		return call?.owner === owner ? call : undefined;
	}

	/** All calls of an owner, oldest first. */
	of(owner: string): Call[] {
		return this.all.filter((call) => call.owner === owner);
	}

	/** The calls of a key that have begun and not ended at a time, in ms since 1970. */
	live(key: string, now: number): Call[] {
		this.unended = this.unended.filter((call) => now < call.endedAt);
		return this.unended.filter((call) => call.key === key && call.beginsAt <= now);
	}

	clear(): void {
		this.all.length = 0;
		this.byId.clear();
		this.unended = [];
	}
}
