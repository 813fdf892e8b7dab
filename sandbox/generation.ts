import type { IncomingHttpHeaders } from 'node:http';
import type { Accounts } from './accounts';
import type { GenerationName } from './calls';
import type { Desk } from './desk';
import type { RefusalFacts } from './refusal';

/** A request as far as the generations look at it. */
export interface Incoming {
	method: string;
	path: string;
	query: URLSearchParams;
	headers: IncomingHttpHeaders;
	text(): Promise<string>;
}

/** Whose key it is. A key can be known and yet have no access. */
export interface Caller {
	key: string;
	/** Who sees the calls placed with it: all keys of a workspace, or only this one. */
	owner: string;
	access: boolean;
}

/** One generation of Twenty2's API: the words it uses on the wire. */
export interface Generation {
	readonly name: GenerationName;
	/** What it calls the number that is called. */
	readonly toField: string;
	/** Recognises the key, or throws a refusal. */
	caller(headers: IncomingHttpHeaders, accounts: Accounts): Caller;
	/** The body of the answer with status 200, or a refusal thrown. */
	handle(incoming: Incoming, desk: Desk): Promise<object>;
	/** The body of an error. */
	envelope(facts: RefusalFacts): object;
}
