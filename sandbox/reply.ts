/** What goes back over the wire: an answer, a severed connection, or silence. */
export type Reply = Answer | 'cut' | 'hang';

export interface Answer {
	status: number;
	headers?: Record<string, string>;
	/** Text, bytes and streams of them are sent as they are, everything else as JSON. */
	body?: unknown;
}

/** Thrown where a behaviour puts another reply in the place of the proper one. */
export class Instead extends Error {
	constructor(readonly reply: Reply) {
		super('Answered by a behaviour');
	}
}
