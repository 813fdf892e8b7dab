import { sleep } from 'n8n-workflow';
import type { LimitFunction } from 'p-limit';

/** The marks in n8n's deduplication store, which outlast the process. */
export interface Marks {
	/** @returns the marks that were not there before */
	record(marks: string[]): Promise<string[]>;
	forget(marks: string[]): Promise<void>;
}

/** n8n's deduplication store as one node reaches it: the marks of its workflow, and the row that locks them. */
export interface Store extends Marks {
	/** Inserts the row with this number of entries. @returns false when the row is there already */
	insertLock(entries: number): Promise<boolean>;
	/** How many entries the row has; 0 when there is no such row. */
	countLock(): Promise<number>;
	deleteLock(): Promise<void>;
}

/** Runs work while no other process changes the marks. @throws what the work or the store rejects with */
export type Locked = <T>(work: (marks: Marks) => Promise<T>) => Promise<T>;

/** A lock that is held for longer was left by a crash. */
const BREAK_AFTER_MS = 10_000;

/** The most by which a waiter breaks a lock later, so that waiters do it at different times. */
const BREAK_JITTER_MS = 2_000;

/** A holder that took longer may have lost its lock. Less than the time after which a lock is broken. */
const LEASE_MS = 8_000;

/** After a lock was broken, another waiter may still be about to break it. */
const SETTLE_MS = 200;

/** The longest pause between two looks at a lock that another process holds. */
const LONGEST_PAUSE_MS = 25;

/** A holder leaves a number of entries by chance, so that a waiter tells one holder from the next. */
const MOST_ENTRIES = 20;

/** Work that waits for the lock. */
interface Job {
	/** @returns hands the result to whoever waits for it */
	run: () => Promise<() => void>;
	reject: (reason: unknown) => void;
}

/**
 * The lock of one node at n8n's store. n8n reads, changes and writes back one row of marks, so two
 * processes that do it at once lose each other's marks. Inserting a row is atomic: its primary key lets
 * one process win (n8n 1.123 and 2.41). So inserting a row locks, and deleting it unlocks.
 */
export class StoreLock {
	private queue: Job[] = [];

	private holding = false;

	/** @param turns one at a time, for all nodes of the workflow in this process */
	constructor(private readonly turns: LimitFunction) {}

	/** Whether no work waits or is under way. */
	get idle(): boolean {
		return !this.holding;
	}

	/**
	 * Runs work while the lock is held. Work that comes in meanwhile shares the next hold. Work that was held
	 * up until another process may have broken the lock is run again.
	 * @throws what the work rejects with, or the store when it cannot be locked
	 */
	async locked<T>(store: Store, work: (marks: Marks) => Promise<T>): Promise<T> {
		return await new Promise<T>((resolve, reject) => {
			const run = async () =>
				await work(store).then(
					(value) => () => resolve(value),
					(reason: unknown) => () => reject(reason),
				);
			this.queue.push({ run, reject });
			if (!this.holding) void this.drain(store);
		});
	}

	private async drain(store: Store): Promise<void> {
		this.holding = true;
		while (this.queue.length > 0) {
			await this.turns(async () => {
				const jobs = this.queue.splice(0);
				await this.hold(store, jobs).catch((reason: unknown) => {
					for (const { reject } of jobs) reject(reason);
				});
			});
		}
		this.holding = false;
	}

	private async hold(store: Store, jobs: Job[]): Promise<void> {
		for (;;) {
			const since = await lock(store);
			const settle: Array<() => void> = [];
			for (const { run } of jobs) settle.push(await run());
			if (performance.now() - since > LEASE_MS) continue;
			for (const hand of settle) hand();
			// Where it cannot be deleted, the lock is broken later on.
			await store.deleteLock().catch(() => undefined);
			return;
		}
	}
}

/** Waits for the lock. @returns since when it is held at most, a time of `performance.now()` */
async function lock(store: Store): Promise<number> {
	for (;;) {
		const hasBroken = await whenFree(store);
		const since = performance.now();
		const entries = 1 + Math.floor(Math.random() * MOST_ENTRIES);
		if (!(await store.insertLock(entries))) continue;
		if (!hasBroken) return since;
		await sleep(SETTLE_MS);
		if ((await store.countLock()) === entries) return since;
	}
}

/** Waits until nobody holds the lock. @returns whether a crash had left it, so that it was broken */
async function whenFree(store: Store): Promise<boolean> {
	const breakAfterMs = BREAK_AFTER_MS + Math.random() * BREAK_JITTER_MS;
	let seen = await store.countLock();
	let seenAt = performance.now();
	while (seen > 0) {
		if (performance.now() - seenAt > breakAfterMs) {
			await store.deleteLock();
			return true;
		}
		await sleep(LONGEST_PAUSE_MS * (0.2 + Math.random() * 0.8));
		const entries = await store.countLock();
		if (entries !== seen) seenAt = performance.now();
		seen = entries;
	}
	return false;
}
