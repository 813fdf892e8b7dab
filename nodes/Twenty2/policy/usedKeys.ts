import { sleep } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';

import { acquire } from './abortable';

/** Where marks outlast the process. Its calls must not overlap. */
export interface KeyStore {
	/** @returns the marks that were not there before */
	record(marks: string[]): Promise<string[]>;
	forget(marks: string[]): Promise<void>;
}

/** What is known of a key: a create under it may have been sent, or a call was placed under it. */
export type KeyState = 'unused' | 'in doubt' | 'placed';

/** A key that belongs to one call of this process until it is released. */
export interface HeldKey {
	/**
	 * Records that a create is about to be sent. A key that is placed stays so.
	 * @returns the state of the key before
	 * @throws what the store rejects with
	 */
	recordSent(): Promise<KeyState>;
	/**
	 * Records that the call was placed.
	 * @throws what the store rejects with; the key then stays in doubt
	 */
	recordPlaced(): Promise<void>;
	/**
	 * Makes the key unused again: nobody was phoned.
	 * @throws what the store rejects with; the key then stays in doubt
	 */
	forget(): Promise<void>;
	/** Lets the next call have the key. */
	release(): Promise<void>;
}

/** A key that was used since the last time that no key was held. */
interface Use {
	placed: boolean;
	/** An earlier create left the key in doubt. */
	wasInDoubt: boolean;
	/** How often its marks were found in the store, one time after the other. */
	finds: number;
}

/** What the store answers to keys that are recorded as sent. */
interface Recorded {
	/** The marks that were not there before. */
	fresh: Set<string>;
	/** The keys that are placed. Rejects when they could not be checked. */
	placed: Promise<Set<string>>;
}

/** Keys that are recorded together. */
interface Batch {
	keys: string[];
	recorded: Promise<Recorded>;
}

/*
 * The marks of a key. Other nodes of the workflow use the same store, hence the prefix.
 *
 * The store can tell whether a mark is there only by recording it. So whether a key is placed is checked
 * by recording both `placed` and `checked`, and the check then forgets what it has added. A key is placed
 * if `sent` and `placed` were there and `checked` was not. Everything else with `sent` is in doubt, so a
 * check that a crash cuts off leaves its key in doubt.
 */
const sentMark = (key: string) => `twenty2 ${key}`;
const placedMark = (key: string) => `twenty2-placed ${key}`;
const checkedMark = (key: string) => `twenty2-checked ${key}`;

/** The marks that a used key must have. */
const marksOf = (key: string, { placed }: Use) =>
	placed ? [sentMark(key), placedMark(key)] : [sentMark(key)];

/** How often the marks of a key have to be found in the store, one time after the other. */
const FINDS = 3;

/** How often marks are looked for when no other key is recorded with them. */
const LOOKS = 8;

/**
 * Between two looks. Another process that is held up between reading the marks and writing them, as a busy
 * machine makes it, overwrites with its late write what was recorded meanwhile.
 */
const LONGEST_PAUSE_MS = 100;

/** The deduplication keys of one workflow, each for one call at most. */
export class Keys {
	/** The store is asked one thing at a time. */
	private readonly storeTurns = pLimit(1);

	/** What is recorded together, once the store is free. */
	private batch: Batch | undefined;

	/** A key is held by one call at a time. The outcome of that call decides for the next one. */
	private readonly holders = new Map<string, { turns: LimitFunction; users: number }>();

	/** How many keys are held by a call. */
	private held = 0;

	/**
	 * Keys that were used since the last time that no key was held. Another process that changes the store
	 * at the same moment overwrites what was just recorded, so marks are recorded again until they stay.
	 */
	private readonly used = new Map<string, Use>();

	/** Whether dropping these keys would forget nothing. */
	get idle(): boolean {
		const { activeCount, pendingCount } = this.storeTurns;
		return this.holders.size + this.used.size + activeCount + pendingCount === 0;
	}

	/**
	 * Waits until no other call of this process holds a key. Nothing is recorded yet.
	 * @param signal ends the wait
	 * @throws the signal's reason
	 */
	async hold(key: string, store: KeyStore, signal: AbortSignal): Promise<HeldKey> {
		const leave = await this.turnOf(key, signal);
		this.held++;
		return {
			recordSent: async () => await this.recordSent(key, store),
			recordPlaced: async () => await this.recordPlaced(key, store),
			forget: async () => await this.forget(key, store),
			release: async () => {
				this.held--;
				leave();
				// While other keys are held, marks are looked for together with theirs.
				if (this.held === 0) await this.lookAgain(store);
			},
		};
	}

	/** @returns gives the turn to the next call */
	private async turnOf(key: string, signal: AbortSignal): Promise<() => void> {
		const holder = this.holders.get(key) ?? { turns: pLimit(1), users: 0 };
		this.holders.set(key, holder);
		holder.users++;
		const gone = () => {
			if (--holder.users === 0) this.holders.delete(key);
		};
		const leave = await acquire(holder.turns, signal).catch((reason: unknown) => {
			gone();
			throw reason;
		});
		return () => {
			leave();
			gone();
		};
	}

	private async recordSent(key: string, store: KeyStore): Promise<KeyState> {
		const known = this.used.get(key);
		if (known?.placed) return 'placed';
		const batch = this.nextBatch(store);
		batch.keys.push(key);
		const { fresh, placed } = await batch.recorded;
		const isUnused = fresh.has(sentMark(key));
		if (!isUnused && (await placed).has(key)) return 'placed';
		// The create may be sent from now on, so the mark has to stay.
		const wasInDoubt = known !== undefined || !isUnused;
		this.used.set(key, { placed: false, wasInDoubt, finds: 0 });
		return wasInDoubt ? 'in doubt' : 'unused';
	}

	private async recordPlaced(key: string, store: KeyStore): Promise<void> {
		const wasInDoubt = this.used.get(key)?.wasInDoubt === true;
		this.used.set(key, { placed: true, wasInDoubt, finds: 0 });
		// Every batch records the marks of the used keys.
		await this.nextBatch(store).recorded;
		// A check that was cut off may have left its mark.
		if (wasInDoubt) await this.storeTurns(async () => await store.forget([checkedMark(key)]));
	}

	private async forget(key: string, store: KeyStore): Promise<void> {
		this.used.delete(key);
		const marks = [sentMark(key), placedMark(key), checkedMark(key)];
		await this.storeTurns(async () => await store.forget(marks));
	}

	private nextBatch(store: KeyStore): Batch {
		if (this.batch) return this.batch;
		const keys: string[] = [];
		const recorded = this.storeTurns(async () => {
			this.batch = undefined;
			return await this.record(keys, store);
		});
		this.batch = { keys, recorded };
		return this.batch;
	}

	/** Records keys as sent, and the marks of the used keys again. */
	private async record(keys: string[], store: KeyStore): Promise<Recorded> {
		const again = this.unconfirmed.filter(([key]) => !keys.includes(key));
		const marks = again.flatMap(([key, use]) => marksOf(key, use));
		const fresh = new Set(await store.record([...keys.map(sentMark), ...marks]));
		for (const [key, use] of again) {
			const lost = marksOf(key, use).some((mark) => fresh.has(mark));
			use.finds = lost ? 0 : use.finds + 1;
		}
		const sentBefore = keys.filter((key) => !fresh.has(sentMark(key)));
		const placed = this.placedAmong(sentBefore, store);
		// The turn at the store ends with the check.
		await placed.catch(() => undefined);
		return { fresh, placed };
	}

	/** Checks which of these keys are placed. They are recorded as sent. */
	private async placedAmong(keys: string[], store: KeyStore): Promise<Set<string>> {
		if (keys.length === 0) return new Set();
		const marks = keys.flatMap((key) => [placedMark(key), checkedMark(key)]);
		const added = new Set(await store.record(marks));
		// What the store cannot forget leaves its key in doubt.
		if (added.size > 0) await store.forget([...added]).catch(() => undefined);
		return new Set(
			keys.filter((key) => !added.has(placedMark(key)) && added.has(checkedMark(key))),
		);
	}

	/** Records all marks once more, because the last process to write may have seen none of them. */
	private async lookAgain(store: KeyStore): Promise<void> {
		for (const use of this.used.values()) use.finds = 0;
		for (let looks = 0; looks < LOOKS && this.unconfirmed.length > 0; looks++) {
			// Of random length, or two processes could go on overwriting each other in step.
			if (looks > 0) await sleep(LONGEST_PAUSE_MS * (0.5 + Math.random() / 2));
			const look = this.storeTurns(async () => await this.record([], store));
			// Marks that the store rejects now are recorded with the next key.
			await look.catch(() => undefined);
		}
		for (const [key, { finds }] of this.used) if (finds >= FINDS) this.used.delete(key);
	}

	private get unconfirmed(): Array<[key: string, use: Use]> {
		return [...this.used].filter(([, { finds }]) => finds < FINDS);
	}
}
