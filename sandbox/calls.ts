import { randomUUID } from 'node:crypto';

/** How long calls take. Read when a call is placed. */
export interface Pace {
	/** From the create until the callee answers, or is given up on. */
	ringMs: number;
	/** From the answer until the end. */
	talkMs: number;
}

export const defaultPace: Pace = { ringMs: 500, talkMs: 2000 };

export type GenerationName = 'apiKey' | 'workspace';

/** A create that was understood; fields of the wire keep their names, numbers are in E.164. */
export interface Order {
	number: string;
	from_number: string;
	assistant: string;
	input_parameters: Record<string, unknown>;
	/** The whole body as it came, with fields nobody documented. */
	body: Record<string, unknown>;
}

/** A call as it was placed. */
export interface Call extends Order {
	call_id: string;
	generation: GenerationName;
	/** The key it was placed with, told apart by generation. */
	key: string;
	/** Whose call it is: that of a workspace, or of a key where there are none. */
	owner: string;
	idempotencyKey: string | null;
	placedAt: number;
	answeredAt: number | null;
	endedAt: number;
}

/** A call as it stands at one moment. */
export interface CallState {
	status: 'queued' | 'ringing' | 'in-progress' | 'completed' | 'failed';
	durationSeconds: number;
	cost: string;
	startedAt: string | null;
	endedAt: string | null;
	outputParameters: Record<string, unknown>;
}

const QUEUED_SHARE_OF_RINGING = 0.2;
const INR_PER_MINUTE = 4;

/** What a call has come to. Worked out from the clock, so that nothing has to run in between. */
export function stateOf(call: Call, now: number): CallState {
	const ringsUntil = call.answeredAt ?? call.endedAt;
	const ringsFrom = call.placedAt + (ringsUntil - call.placedAt) * QUEUED_SHARE_OF_RINGING;
	const ended = now >= call.endedAt;
	const completed = ended && call.answeredAt !== null;
	const talkMs = completed ? call.endedAt - ringsUntil : 0;
	const durationSeconds = Math.ceil(talkMs / 1000);
	const status = () => {
		if (ended) return completed ? 'completed' : 'failed';
		if (now < ringsFrom) return 'queued';
		return now < ringsUntil ? 'ringing' : 'in-progress';
	};
	return {
		status: status(),
		durationSeconds,
		cost: `${((durationSeconds / 60) * INR_PER_MINUTE).toFixed(2)} INR`,
		startedAt: now < ringsFrom ? null : new Date(ringsFrom).toISOString(),
		endedAt: ended ? new Date(call.endedAt).toISOString() : null,
		outputParameters: completed ? { answered: true } : {},
	};
}

/** All calls that were placed, oldest first. */
export class Calls {
	readonly all: Call[] = [];

	private readonly byId = new Map<string, Call>();

	/** Those that had not ended when last looked at. */
	private going: Call[] = [];

	place(
		order: Order,
		by: Pick<Call, 'generation' | 'key' | 'owner' | 'idempotencyKey'>,
		at: number,
		pace: Pace,
		answered: boolean,
	): Call {
		const rungOut = at + pace.ringMs;
		const call: Call = {
			...order,
			...by,
			call_id: `call_${randomUUID().replaceAll('-', '')}`,
			placedAt: at,
			answeredAt: answered ? rungOut : null,
			endedAt: answered ? rungOut + pace.talkMs : rungOut,
		};
		this.all.push(call);
		this.byId.set(call.call_id, call);
		this.going.push(call);
		return call;
	}

	find(callId: string, owner: string): Call | undefined {
		const call = this.byId.get(callId);
		return call?.owner === owner ? call : undefined;
	}

	of(owner: string): Call[] {
		return this.all.filter((call) => call.owner === owner);
	}

	/** Calls of this key that have not ended. */
	live(key: string, now: number): Call[] {
		this.going = this.going.filter((call) => now < call.endedAt);
		return this.going.filter((call) => call.key === key);
	}

	clear(): void {
		this.all.length = 0;
		this.byId.clear();
		this.going = [];
	}
}
