import { sleep } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';

import { acquire } from './abortable';

/** Where keys outlast the process. Its calls must not overlap. */
export interface KeyStore {
	/** @returns those that were not there before */
	record(keys: string[]): Promise<string[]>;
	forget(keys: string[]): Promise<void>;
}

/** A key that was not used before, until it is known whether a call was placed under it. */
export interface HeldKey {
	/** It is used from now on. */
	keep(): Promise<void>;
	/** Nobody was phoned: it can be used again. */
	release(): Promise<void>;
}

interface Batch {
	keys: string[];
	fresh: Promise<Set<string>>;
}

/** How often a key has to be found in the store, one time after the other. */
const FINDS = 3;

/** How often keys are looked for that nothing else is recorded with. */
const LOOKS = 8;

const LONGEST_PAUSE_MS = 50;

/** The keys of one workflow, each for one call at most. */
export class Keys {
	/** One at a time to the store. */
	private readonly storeTurns = pLimit(1);

	/** What is recorded together, once the store is free. */
	private batch: Batch | undefined;

	/** One create at a time has a key: how it ends decides for the next. */
	private readonly holders = new Map<string, { place: LimitFunction; users: number }>();

	/** How many have a key and do not wait for it. */
	private held = 0;

	/**
	 * Keys that were used since nothing was under way, and how often they were found in the store.
	 * Another process that changes the store at the same moment overwrites what was just recorded, so
	 * that is recorded again until it stays.
	 */
	private readonly used = new Map<string, number>();

	/** True when nothing is under way. */
	get idle(): boolean {
		const { activeCount, pendingCount } = this.storeTurns;
		return this.holders.size + this.used.size + activeCount + pendingCount === 0;
	}

	/**
	 * Records a key, which has to happen before the call is sent.
	 * @param signal ends the wait for another call with the same key
	 * @param own whether an earlier try of the same call has recorded it, so that it is no other's
	 * @returns undefined when the key was used before
	 * @throws what the store rejects with, or the signal's reason
	 */
	async claim(
		key: string,
		store: KeyStore,
		signal: AbortSignal,
		own = false,
	): Promise<HeldKey | undefined> {
		const leave = await this.hold(key, signal);
		this.held++;
		const end = async () => {
			this.held--;
			leave();
			// While others have keys, those in doubt are looked at together with the next one.
			if (this.held === 0) await this.lookAgain(store);
		};
		const unused = own || !this.used.has(key);
		const fresh =
			unused &&
			(await this.record(key, store).catch(async (reason: unknown) => {
				await end();
				throw reason;
			}));
		if (!fresh && !own) {
			await end();
			return undefined;
		}
		const forget = async () => await this.storeTurns(async () => await store.forget([key]));
		return {
			keep: async () => {
				this.used.set(key, 0);
				await end();
			},
			release: async () => await forget().finally(end),
		};
	}

	/** @returns lets the next have the key */
	private async hold(key: string, signal: AbortSignal): Promise<() => void> {
		const holder = this.holders.get(key) ?? { place: pLimit(1), users: 0 };
		this.holders.set(key, holder);
		holder.users++;
		const gone = () => {
			if (--holder.users === 0) this.holders.delete(key);
		};
		const leave = await acquire(holder.place, signal).catch((reason: unknown) => {
			gone();
			throw reason;
		});
		return () => {
			leave();
			gone();
		};
	}

	private async record(key: string, store: KeyStore): Promise<boolean> {
		this.batch ??= this.nextBatch(store);
		const { keys, fresh } = this.batch;
		keys.push(key);
		return (await fresh).has(key);
	}

	private nextBatch(store: KeyStore): Batch {
		const keys: string[] = [];
		const fresh = this.storeTurns(async () => {
			this.batch = undefined;
			return await this.recordNow(keys, store);
		});
		return { keys, fresh };
	}

	private async recordNow(keys: string[], store: KeyStore): Promise<Set<string>> {
		const again = this.inDoubt.filter((key) => !keys.includes(key));
		const fresh = new Set(await store.record([...keys, ...again]));
		for (const key of again) this.used.set(key, fresh.has(key) ? 0 : this.findsOf(key) + 1);
		return fresh;
	}

	/** All of them once more, because the last to write may have seen none of them. */
	private async lookAgain(store: KeyStore): Promise<void> {
		for (const key of this.used.keys()) this.used.set(key, 0);
		for (let looks = 0; looks < LOOKS && this.inDoubt.length > 0; looks++) {
			const look = this.storeTurns(async () => await this.recordNow([], store));
			// What the store rejects now is recorded again with the next key.
			const lost = await look.catch(() => undefined);
			// Two that overwrite each other in step would do so for ever.
			if (lost?.size) await sleep(Math.random() * LONGEST_PAUSE_MS);
		}
		for (const key of this.used.keys()) if (this.findsOf(key) >= FINDS) this.used.delete(key);
	}

	private get inDoubt(): string[] {
		return [...this.used.keys()].filter((key) => this.findsOf(key) < FINDS);
	}

	private findsOf(key: string): number {
		return this.used.get(key) ?? 0;
	}
}
