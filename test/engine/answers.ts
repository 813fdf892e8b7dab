/** Lets a test act at the very moment at which Twenty2 is done with a request, on a slow machine as well. */
export class Answers {
	private given = 0;

	private at = Number.POSITIVE_INFINITY;

	private act: () => void = () => undefined;

	/** What the sandbox is to call. */
	readonly onRequest = (): void => {
		this.given += 1;
		if (this.given === this.at) this.act();
	};

	/** Acts once a number of requests are over, counted from now. */
	after(count: number, act: () => void): void {
		this.at = this.given + count;
		this.act = act;
	}
}
