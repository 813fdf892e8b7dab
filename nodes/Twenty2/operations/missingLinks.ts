/** A file of a call that Twenty2 links to. */
export type FileKind = 'recording' | 'transcript';

/**
 * The files of answered calls of one run to which Twenty2 has given no link yet. Looks for links use up permits that
 * calls need. So only one call looks until a link came late, and the others then look no earlier than that.
 */
export class MissingLinks {
	private readonly counts = new Map<FileKind, number>();

	private readonly outwaited = new Set<FileKind>();

	private looker: object | undefined;

	/** How long after the end of its call the last late link was there, in milliseconds. */
	private lateness: number | undefined;

	/** Whether a call may still look for its links. @param after milliseconds since its end */
	mayLook(call: object, after: number): boolean {
		if (this.lateness !== undefined) return after >= this.lateness;
		this.looker ??= call;
		return this.looker === call;
	}

	/** Notes that a link came. @param after milliseconds since the end of its call */
	cameLate(after: number): void {
		this.lateness = after;
	}

	/** Notes that a call looks no longer. */
	leave(call: object): void {
		if (this.looker === call) this.looker = undefined;
	}

	/** Notes that a call has no link. @param outwaited whether the call waited as long as a link may take */
	missed(kind: FileKind, outwaited: boolean): void {
		this.counts.set(kind, this.count(kind) + 1);
		if (outwaited) this.outwaited.add(kind);
	}

	/** Whether a missing link is worth waiting for. An account may record nothing. */
	isAwaited(kind: FileKind): boolean {
		return !this.outwaited.has(kind);
	}

	/** How many calls lack the file. */
	count(kind: FileKind): number {
		return this.counts.get(kind) ?? 0;
	}
}
