import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox';

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

/** A Twenty2 whose limits do not matter, and that a test may act on at any of its answers. */
export async function startWithAnswers(
	options: SandboxOptions = {},
): Promise<{ sandbox: Sandbox; answers: Answers }> {
	const answers = new Answers();
	const { onRequest } = answers;
	const limits = { requestsPerMinute: 10_000, refuseConcurrent: false };
	return { sandbox: await startSandbox({ ...limits, onRequest, ...options }), answers };
}
