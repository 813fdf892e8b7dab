import type { Locked, Marks } from './storeLock';

/**
 * What is known of a key: no create was sent under it, one is being sent at this moment or was cut off, one
 * was sent without an outcome, or a call was placed.
 */
export type KeyState = 'unused' | 'being placed' | 'in doubt' | 'placed';

/*
 * The marks of a key. Other nodes of the workflow use the same store, hence the prefix. The store can tell
 * whether a mark is there only by recording it.
 *
 * | sent | open | doubt | the key      |
 * | ---- | ---- | ----- | ------------ |
 * |      |      |       | unused       |
 * | x    | x    |       | being placed |
 * | x    | x    | x     | in doubt     |
 * | x    |      |       | placed       |
 *
 * Claiming an unused key is one write. A claim or a question that a crash cuts off leaves the key
 * more doubtful than it is, and never less.
 */
const sentMark = (key: string) => `twenty2 ${key}`;
const openMark = (key: string) => `twenty2-open ${key}`;
const doubtMark = (key: string) => `twenty2-doubt ${key}`;

/** The deduplication keys of one workflow, each for one call at most. */
export class UsedKeys {
	/** @param locked reaches the marks of the workflow */
	constructor(private readonly locked: Locked) {}

	/**
	 * Claims a key for a create that is about to be sent. Of all that claim an unused key at once, in
	 * whatever process, one is told that it was unused.
	 * @param evenInDoubt whether to claim a key in doubt as well; it then is as if unused
	 * @returns the state of the key before; the key is claimed where that is `unused`
	 * @throws what the store rejects with
	 */
	async claim(key: string, evenInDoubt = false): Promise<KeyState> {
		return await this.locked(async (marks) => await claimed(marks, key, evenInDoubt));
	}

	/** The state of a key, which asking does not change. @throws what the store rejects with */
	async stateOf(key: string): Promise<KeyState> {
		return await this.locked(async (marks) => {
			const state = await claimed(marks, key, false);
			// Under the same lock, or others would take the question for a call that is being placed.
			if (state === 'unused') await marks.forget([sentMark(key), openMark(key)]);
			return state;
		});
	}

	/** Notes that a call was placed under a key. @throws what the store rejects with */
	async placed(key: string): Promise<void> {
		await this.locked(async (marks) => {
			// Another Twenty2 node of the workflow has another lock, and may have overwritten the mark.
			await marks.record([sentMark(key)]);
			await marks.forget([openMark(key), doubtMark(key)]);
		});
	}

	/** Notes that nothing tells whether a call was placed under a key. @throws what the store rejects with */
	async leaveInDoubt(key: string): Promise<void> {
		const all = [sentMark(key), openMark(key), doubtMark(key)];
		await this.locked(async (marks) => await marks.record(all));
	}

	/** Makes a key unused again: nobody was phoned. @throws what the store rejects with */
	async release(key: string): Promise<void> {
		const all = [sentMark(key), openMark(key), doubtMark(key)];
		await this.locked(async (marks) => await marks.forget(all));
	}
}

/** Claims a key while its marks are locked. @returns the state of the key before */
async function claimed(marks: Marks, key: string, evenInDoubt: boolean): Promise<KeyState> {
	const fresh = await marks.record([sentMark(key), openMark(key)]);
	if (fresh.includes(sentMark(key))) return 'unused';
	if (fresh.includes(openMark(key))) {
		await marks.forget([openMark(key)]);
		return 'placed';
	}
	const isOpen = (await marks.record([doubtMark(key)])).length > 0;
	if (isOpen || evenInDoubt) await marks.forget([doubtMark(key)]);
	if (isOpen) return 'being placed';
	return evenInDoubt ? 'unused' : 'in doubt';
}
