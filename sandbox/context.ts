import type { Accounts } from './accounts';
import type { Behaviours, CreateDefinition, ReadDefinition } from './behaviours';
import type { Calls, Pace } from './calls';
import type { Limits } from './limits';
import type { MediaDefinition } from './mediaBehaviours';
import type { MediaOptions } from './mediaOptions';
import type { Seen } from './seen';

/** The configuration, clock and stores of one sandbox. Every request handler reads them. */
export interface Context {
	readonly accounts: Accounts;
	readonly limits: Limits;
	readonly pace: Pace;
	readonly media: MediaOptions;
	readonly calls: Calls;
	/** By E.164 number. */
	readonly creates: Behaviours<CreateDefinition>;
	/** By call_id, or `'*'` for all reads. */
	readonly reads: Behaviours<ReadDefinition>;
	/** By call_id, or `'*'` for all links. */
	readonly links: Behaviours<MediaDefinition>;
	readonly seen: Seen;
	/** The current time, in ms since 1970. */
	readonly clock: () => number;
	/** The sandbox's own address, without a slash at the end. */
	readonly url: string;
}
