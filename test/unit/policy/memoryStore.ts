import pLimit from 'p-limit';

import type { Locked, Marks, Store } from '../../../nodes/Twenty2/policy/storeLock';

/** n8n's database, with the row of a workflow's marks and the row that locks it. */
export class MemoryDatabase {
	marks: string[] = [];

	/** How many entries the row of the lock has, if there is such a row. */
	lock: number | undefined;

	/** The database answers no more. */
	down = false;

	/** How many processes are between reading and writing the marks. */
	inside = 0;

	/** The most that were so at once. */
	mostInside = 0;
}

/** n8n's store over such a database as one process reaches it: it reads, changes and writes back. */
export class MemoryStore implements Store {
	/** Called between reading and writing the marks. */
	pause = async (): Promise<void> => await Promise.resolve();

	constructor(readonly database = new MemoryDatabase()) {}

	async record(marks: string[]): Promise<string[]> {
		return await this.change((known) => {
			const fresh = marks.filter((mark) => !known.includes(mark));
			return [[...known, ...fresh], fresh];
		});
	}

	async forget(marks: string[]): Promise<void> {
		await this.change((known) => [known.filter((mark) => !marks.includes(mark)), undefined]);
	}

	async insertLock(entries: number): Promise<boolean> {
		await this.queried();
		if (this.database.lock !== undefined) return false;
		this.database.lock = entries;
		return true;
	}

	async countLock(): Promise<number> {
		await this.queried();
		return this.database.lock ?? 0;
	}

	async deleteLock(): Promise<void> {
		await this.queried();
		this.database.lock = undefined;
	}

	private async change<T>(to: (marks: string[]) => [string[], T]): Promise<T> {
		await this.queried();
		const { database } = this;
		const [marks, result] = to(database.marks);
		database.inside++;
		database.mostInside = Math.max(database.mostInside, database.inside);
		await this.pause().finally(() => database.inside--);
		database.marks = marks;
		return result;
	}

	private async queried(): Promise<void> {
		await Promise.resolve();
		if (this.database.down) throw new Error('the database is down');
	}
}

/** Reaches marks that only this process changes, one thing at a time. */
export function alone(marks: Marks): Locked {
	const turns = pLimit(1);
	return async (work) => await turns(async () => await work(marks));
}
