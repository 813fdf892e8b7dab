const MINUTE_MS = 60_000;

/** What Twenty2 allows one key. */
export interface Limits {
	/** How many requests of any kind in any 60 seconds. */
	requestsPerMinute: number;
	/** How many creates at once, and how many reads. */
	concurrentCalls: number;
}

/** What one credential says of its key. */
interface Statement {
	limits: Limits;
	/** How many requests with the credential wait, are on their way, or hold a line. */
	uses: number;
	/** When the credential was used last, a time of `performance.now()`. */
	usedAt: number;
}

/**
 * The limits of a key, where several credentials may hold the key with different ones. The lowest of
 * the credentials in use count. A credential is in use until a minute after its last request. Each run
 * states the limits of its credential, which replace what the same credential stated before.
 */
export class KeyLimits {
	private readonly statements = new Map<string, Statement>();

	/** @param credential n8n's ID of the credential */
	state(credential: string, limits: Limits): void {
		const { uses = 0 } = this.statements.get(credential) ?? {};
		this.statements.set(credential, { limits, uses, usedAt: performance.now() });
	}

	/** Notes that a request uses a credential. @returns ends the use */
	use(credential: string): () => void {
		this.count(credential, 1);
		let ended = false;
		return () => {
			if (!ended) this.count(credential, -1);
			ended = true;
		};
	}

	/** The lowest limits of the credentials in use; undefined when none is. */
	get lowest(): Limits | undefined {
		const now = performance.now();
		const inUse = [...this.statements.values()]
			.filter(({ uses, usedAt }) => uses > 0 || now < usedAt + MINUTE_MS)
			.map(({ limits }) => limits);
		if (inUse.length === 0) return undefined;
		return {
			requestsPerMinute: Math.min(...inUse.map(({ requestsPerMinute }) => requestsPerMinute)),
			concurrentCalls: Math.min(...inUse.map(({ concurrentCalls }) => concurrentCalls)),
		};
	}

	private count(credential: string, change: 1 | -1): void {
		const statement = this.statements.get(credential);
		if (!statement) return;
		statement.uses += change;
		statement.usedAt = performance.now();
	}
}
