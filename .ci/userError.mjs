/** An error that the user can fix. The message says how, so no stack trace is printed. */
export class UserError extends Error {}

/** Prints an error and sets the exit code to 1. */
export function reportError(error) {
	console.error(error instanceof UserError ? error.message : error);
	process.exitCode = 1;
}
