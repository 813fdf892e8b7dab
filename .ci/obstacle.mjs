/** What keeps us from going on and how to get on, in one sentence that needs no stack trace. */
export class Obstacle extends Error {}

/** The last words of a program. */
export function giveUp(error) {
	console.error(error instanceof Obstacle ? error.message : error);
	process.exitCode = 1;
}
