/** An answer, a closed connection (`cut`), or no answer at all (`hang`). */
export type Reply = Answer | 'cut' | 'hang';

export interface Answer {
	status: number;
	headers?: Record<string, string>;
	/** Strings, buffers and streams are sent as they are, everything else as JSON. */
	body?: unknown;
}

/** Thrown when a behaviour replaces the normal reply. */
export class ReplyOverride extends Error {
	constructor(readonly reply: Reply) {
		super('Answered by a behaviour');
	}
}
