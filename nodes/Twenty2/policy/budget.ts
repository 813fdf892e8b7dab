import { createHmac, randomBytes } from 'crypto';
import pLimit, { type LimitFunction } from 'p-limit';

import { acquire, sleep } from './abortable';
import { KeyLimits, type Limits } from './keyLimits';
import { LiveCalls, type LinePass } from './liveCalls';
import type { Outcome } from './outcome';
import { PollPacer } from './pollPacer';
import { RateLimiter, type Deadline, type Permit, type PermitRequest } from './rateLimiter';
import { WaitTally, type Waited } from './waitTally';

/** A request that asks to be sent. */
export interface Admission {
	/** For the log. It must not identify a person. */
	what: string;
	/** Ends the waiting, not what has been sent. */
	signal: AbortSignal;
	/** Until when to wait while Twenty2 refuses; without one, for ever. */
	deadline?: Deadline;
	/** How a request ended that was rejected so. */
	outcomeOf: (rejection: Error) => Outcome;
	/** Of a create: sends one read that tells whether a call is over. */
	isOver?: (callId: string) => Promise<boolean>;
}

/** Leave to send one request. */
export interface Lease {
	/** Other requests are to tell more of this one, so its permit is settled before its line. */
	settlePermit(outcome: Outcome): void;
	/** Says how the request ended. Only the first answer counts. */
	settle(outcome: Outcome): void;
	/**
	 * Waits until a refused request may be sent again.
	 * @throws the signal's reason, or the failure of a request that stops waiting at its deadline
	 */
	renew(): Promise<void>;
	/** Gives back the line or connection. */
	release(): void;
}

/** One way past the limits of a key. */
export interface Lane {
	/**
	 * Waits until a request may be sent.
	 * @throws the signal's reason, or the failure of a request that stops waiting at its deadline
	 */
	acquire(admission: Admission): Promise<Lease>;
}

/** One run's access to the budget of its key. */
export interface Access {
	/** Each holds a line until its lease is released. */
	creates: Lane;
	reads: Lane;
	/** Reads that look whether a call has ended. They leave room for other requests. */
	polls: Lane;
	/**
	 * Holds the next free line for a call that was placed earlier, and does not wait for it.
	 * @returns gives the line back
	 */
	holdLine(callId: string): () => void;
	/** Notes that a call of this key has ended. */
	callEnded(callId: string): void;
	/**
	 * Notes that a call is live and sleeps; wakes early when another look finds that it has ended.
	 * @throws the signal's reason
	 */
	sleepUntilEnded(callId: string, ms: number, signal: AbortSignal): Promise<void>;
	waited: Waited;
}

/** Told what is queued, refused and sent late. */
export type Log = (message: string) => void;

/**
 * How fast polls would use up what is free. With less, calls of a few seconds are looked at so often that
 * creates wait; with more, ends are seen late and lines stand idle. Looks of creates that wait for a line
 * are worth more than others.
 */
const POLL_HORIZON_MS = 25_000;
const LOOK_HORIZON_MS = 12_000;

/** What Twenty2 asks one request to wait beyond this holds back no other one (`adaptiveLimit.ts`). */
const LONGEST_PAUSE_MS = 5 * 60_000;

const LONGEST_SLEEP_MS = 2 ** 31 - 1;

type PermitOptions = Pick<PermitRequest, 'first' | 'urgent' | 'notBefore'>;

type TurnTaking = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/**
 * What one key may spend, shared by everything in the process that uses it. A create acquires a line,
 * a call that frees one where Twenty2 has refused, and a permit of the rate limiter. A read never
 * waits for a line, so calls can be looked at while all lines are busy.
 */
export class Budget {
	private readonly limiter: RateLimiter;

	private readonly lines: LimitFunction;

	private readonly readers: LimitFunction;

	private readonly pollPacer: PollPacer;

	private readonly lookPacer: PollPacer;

	private readonly liveCalls: LiveCalls;

	private readonly keyLimits = new KeyLimits();

	/** How many requests wait to be sent. */
	private demand = 0;

	constructor(private limits: Limits) {
		const { requestsPerMinute, concurrentCalls } = limits;
		this.limiter = new RateLimiter(requestsPerMinute, () => this.demand);
		this.lines = pLimit(concurrentCalls);
		this.readers = pLimit(concurrentCalls);
		const lines = () => this.lines.concurrency;
		this.pollPacer = new PollPacer(this.limiter, lines, POLL_HORIZON_MS);
		this.lookPacer = new PollPacer(this.limiter, lines, LOOK_HORIZON_MS);
		this.liveCalls = new LiveCalls(concurrentCalls);
	}

	/** Whether dropping this budget would forget nothing. */
	get idle(): boolean {
		const held = [this.lines, this.readers].some((p) => p.activeCount + p.pendingCount > 0);
		return !held && this.liveCalls.idle && this.limiter.idle;
	}

	/** Changes the limits, for requests that wait too. */
	allow(limits: Limits): void {
		const { requestsPerMinute, concurrentCalls } = limits;
		this.limits = limits;
		this.lines.concurrency = concurrentCalls;
		this.readers.concurrency = concurrentCalls;
		this.liveCalls.allow(concurrentCalls);
		this.limiter.allow(requestsPerMinute);
	}

	/**
	 * Takes what a credential says of the limits. Where several credentials in use hold the key, the lowest
	 * limits count.
	 * @param credential n8n's ID of the credential
	 */
	state(credential: string, limits: Limits): void {
		this.keyLimits.state(credential, limits);
		this.allowLowest();
	}

	/** Whether a credential with this key is in use. */
	get inUse(): boolean {
		return this.keyLimits.lowest !== undefined;
	}

	/** Another credential may have come into use, or may be in use no longer. */
	private allowLowest(): void {
		const { requestsPerMinute, concurrentCalls } = this.limits;
		const lowest = this.keyLimits.lowest ?? this.limits;
		const isSame =
			lowest.requestsPerMinute === requestsPerMinute && lowest.concurrentCalls === concurrentCalls;
		if (!isSame) this.allow(lowest);
	}

	/** Notes that a request uses a credential. @returns ends the use */
	private use(credential: string): () => void {
		const end = this.keyLimits.use(credential);
		this.allowLowest();
		return () => {
			end();
			this.allowLowest();
		};
	}

	/** The same lane, for requests with a credential. */
	private used(lane: Lane, credential: string): Lane {
		return {
			acquire: async (admission) => {
				const end = this.use(credential);
				const lease = await lane.acquire(admission).catch((reason: unknown) => {
					end();
					throw reason;
				});
				const release = () => {
					lease.release();
					end();
				};
				return { ...lease, release };
			},
		};
	}

	/**
	 * Opens an access for one run. An access has at most one create, one read and one poll in the shared
	 * queues, so runs take turns: two items do not wait behind another run's five hundred.
	 * @param credential whose limits count while the access is used
	 */
	open(log: Log = () => undefined, credential = ''): Access {
		const tally = new WaitTally();
		const { liveCalls } = this;
		const inTurn = (): TurnTaking => {
			const turns = pLimit(1);
			return async (signal, work) => {
				const leave = await acquire(turns, signal);
				return await work().finally(leave);
			};
		};
		const pollTurn = inTurn();
		const paced: TurnTaking = async (signal, work) =>
			await pollTurn(signal, async () => await this.pollPacer.enter(signal, work));
		// Waiting for the end of a call is no wait for a limit.
		const polls = this.readLane(paced, new WaitTally(), log);
		const looks = this.readLane(
			async (signal, work) => await this.lookPacer.enter(signal, work),
			new WaitTally(),
			log,
		);
		return {
			creates: this.used(this.createLane(inTurn(), looks, tally, log), credential),
			reads: this.used(this.readLane(inTurn(), tally, log), credential),
			polls: this.used(polls, credential),
			holdLine: (callId) => {
				const end = this.use(credential);
				const release = this.holdLine(callId);
				return () => {
					release();
					end();
				};
			},
			callEnded: (callId) => liveCalls.ended(callId),
			sleepUntilEnded: async (callId, ms, signal) =>
				await liveCalls.sleepUntilEnded(callId, ms, signal),
			waited: tally.waited,
		};
	}

	private holdLine(callId: string): () => void {
		this.liveCalls.add(callId);
		const over = new AbortController();
		const line = acquire(this.lines, over.signal).catch(() => undefined);
		return () => {
			over.abort();
			void line.then((release) => release?.());
		};
	}

	private readLane(inTurn: TurnTaking, tally: WaitTally, log: Log): Lane {
		return {
			acquire: async (admission) => {
				const { what, signal } = admission;
				let notBefore: number | undefined;
				const next = async (first = false) => {
					// A read must not wait behind creates that may lack a line. Their own looks may.
					const urgent = this.liveCalls.undecided && admission.isOver === undefined;
					return await this.permit({ ...admission, first, urgent, notBefore }, tally, log);
				};
				const { release, first } = await this.demanding(
					async () => await inTurn(signal, async () => await holding(this.readers, signal, next)),
				);
				let permit = first;
				return {
					release,
					settlePermit: (outcome) => settlePermit(permit, outcome),
					settle: (outcome) => {
						settlePermit(permit, outcome);
						if (outcome.is === 'answered' && this.liveCalls.readAnswered()) this.limiter.reset();
						if (outcome.is !== 'rate limited') return;
						const { limited } = outcome;
						notBefore = performance.now() + limited.retryAfterMs;
						log(`${what} was refused: ${limited.message}`);
						this.liveCalls.readRefused();
					},
					renew: async () => {
						permit = await next(true);
					},
				};
			},
		};
	}

	private createLane(inTurn: TurnTaking, looks: Lane, tally: WaitTally, log: Log): Lane {
		return {
			acquire: async (admission) => {
				const { what, signal, isOver } = admission;
				let notBefore: number | undefined;
				const next = async (first = false) =>
					await this.passAndPermit({ ...admission, first, notBefore }, looks, tally, log);
				const { release, first } = await this.demanding(
					async () => await inTurn(signal, async () => await holding(this.lines, signal, next)),
				);
				let { pass, permit } = first;
				return {
					release,
					settlePermit: (outcome) => settlePermit(permit, outcome),
					settle: (outcome) => {
						// The pass before the permit, which lets the next create go.
						if (outcome.is === 'rate limited') {
							const { limited } = outcome;
							notBefore = performance.now() + limited.retryAfterMs;
							log(`${what} was refused: ${limited.message}`);
							const cause = pass.refused(isOver !== undefined);
							if (permit.refused(limited, cause)) this.liveCalls.suspect();
							return;
						}
						if (outcome.is === 'answered' && outcome.callId !== undefined)
							pass.accepted(outcome.callId);
						else pass.abandoned();
						settlePermit(permit, outcome);
					},
					renew: async () => {
						({ pass, permit } = await next(true));
					},
				};
			},
		};
	}

	/** A create acquires a line first, and asks again when it has to wait for one before it has its permit. */
	private async passAndPermit(
		admission: Admission & PermitOptions,
		looks: Lane,
		tally: WaitTally,
		log: Log,
	): Promise<{ pass: LinePass; permit: Permit }> {
		const { signal, deadline, notBefore } = admission;
		const mustWaitMs = (notBefore ?? 0) - performance.now();
		// It must not hold the one probe for a line while other creates may go.
		if (mustWaitMs > LONGEST_PAUSE_MS) await waitAlone(mustWaitMs, admission, tally);
		const look = async (callId: string, stopped: AbortSignal) =>
			await this.look(callId, { ...admission, signal: stopped }, looks);
		for (;;) {
			const endWait = tally.begin();
			const pass = await this.liveCalls
				.acquire({ signal, deadline, look })
				.finally(() => endWait(true));
			const withdrawn = AbortSignal.any([signal, pass.withdrawn]);
			const permit = await this.permit({ ...admission, signal: withdrawn }, tally, log).catch(
				(reason: unknown) => {
					pass.abandoned();
					signal.throwIfAborted();
					if (!pass.withdrawn.aborted) throw reason;
				},
			);
			if (permit) return { pass, permit };
		}
	}

	/**
	 * @returns whether a call is over; undefined when the answer did not tell
	 * @throws the signal's reason, or the refusal for "too many requests", which pauses the key itself
	 */
	private async look(
		callId: string,
		admission: Admission,
		looks: Lane,
	): Promise<boolean | undefined> {
		const { isOver, outcomeOf } = admission;
		if (!isOver) return undefined;
		const lease = await looks.acquire({ ...admission, deadline: undefined });
		return await isOver(callId)
			.then(
				(over) => {
					lease.settle({ is: 'answered' });
					return over;
				},
				(rejection: Error) => {
					const outcome = outcomeOf(rejection);
					lease.settle(outcome);
					if (outcome.is === 'rate limited') throw rejection;
					return undefined;
				},
			)
			.finally(lease.release);
	}

	/** Counts a request as waiting until it is admitted. */
	private async demanding<T>(work: () => Promise<T>): Promise<T> {
		this.demand++;
		return await work().finally(() => this.demand--);
	}

	private async permit(
		{ what, signal, ...request }: Admission & PermitOptions,
		tally: WaitTally,
		log: Log,
	): Promise<Permit> {
		const endWait = tally.begin();
		const from = performance.now();
		let permit: Permit | undefined;
		const acquired = this.limiter.acquire({ signal, ...request });
		const { waiting, counting, limit } = this.limiter.state;
		if (waiting > 0) log(`${what} waits: ${counting} of ${limit} requests of the last minute used`);
		try {
			permit = await acquired;
			return permit;
		} finally {
			// A request that was neither let in nor stopped was refused.
			endWait(permit?.heldBack ?? !signal.aborted);
			const seconds = (performance.now() - from) / 1_000;
			if (seconds >= 1) log(`${what} waited ${seconds.toFixed(1)} seconds`);
		}
	}
}

/**
 * Waits out the time that Twenty2 asked one refused request to wait, while others go on.
 * @throws the signal's reason, or an Error when the request does not wait so long
 */
async function waitAlone(
	ms: number,
	{ signal, deadline }: Pick<Admission, 'signal' | 'deadline'>,
	tally: WaitTally,
): Promise<void> {
	const now = performance.now();
	if (deadline?.allows(now + ms, now) === false) throw new Error('The deadline comes before');
	const endWait = tally.begin();
	await sleep(Math.ceil(Math.min(ms, LONGEST_SLEEP_MS)), signal).finally(() => endWait(true));
}

/** Settles the permit of a read, or of a create before its line. */
function settlePermit(permit: Permit, outcome: Outcome): void {
	if (outcome.is === 'answered') permit.answered();
	else if (outcome.is === 'no answer') permit.noAnswer();
	else if (outcome.is === 'unsent') permit.unused();
	else permit.refused(outcome.limited, 'window');
}

/** Acquires a unit of a semaphore and then what `next` gives; releases it when `next` rejects. */
async function holding<T>(
	semaphore: LimitFunction,
	signal: AbortSignal,
	next: () => Promise<T>,
): Promise<{ release: () => void; first: T }> {
	const release = await acquire(semaphore, signal);
	const first = await next().catch((reason: unknown) => {
		release();
		throw reason;
	});
	return { release, first };
}

/** Of this process only, so a digest found elsewhere tells nothing about the key. */
let salt: Buffer | undefined;

/** By digest. A budget that is not in use is only held as long as somebody else holds it. */
const budgets = new Map<string, Budget | WeakRef<Budget>>();

const held = (budget: Budget | WeakRef<Budget> | undefined) =>
	budget instanceof WeakRef ? budget.deref() : budget;

/**
 * The budget of a key at an address: always the same one in this process. Idle budgets are dropped on
 * the way, except for those that a run may still use. Only a digest of the key is kept.
 * @param limits what the credential says of them now
 * @param credential n8n's ID of the credential
 */
export function budgetOf(key: string, baseUrl: string, limits: Limits, credential = ''): Budget {
	const budget = knownBudget(key, baseUrl, limits);
	budget.state(credential, limits);
	return budget;
}

/**
 * The same for limits that are only tried out: they change nothing for the runs that use the key.
 * @param limits count while no run uses the key
 */
export function budgetToTest(key: string, baseUrl: string, limits: Limits): Budget {
	const budget = knownBudget(key, baseUrl, limits);
	if (!budget.inUse) budget.allow(limits);
	return budget;
}

function knownBudget(key: string, baseUrl: string, limits: Limits): Budget {
	// Not before it is needed: the first random bytes of a process take a while.
	salt ??= randomBytes(32);
	const digest = createHmac('sha256', salt).update(`${baseUrl}\n${key}`).digest('hex');
	for (const [known, each] of budgets) {
		const other = held(each);
		if (!other) budgets.delete(known);
		else if (known !== digest) budgets.set(known, other.idle ? new WeakRef(other) : other);
	}
	const budget = held(budgets.get(digest)) ?? new Budget(limits);
	budgets.set(digest, budget);
	return budget;
}
