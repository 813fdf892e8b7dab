import type { Account } from './account';
import type { Twenty2 } from './responses';
import type { Send } from './http';

/** One generation of Twenty2's API: the credential it takes, and how it is spoken. */
export interface Generation {
	credentialType: string;
	/** @throws Failure `INVALID_INPUT` naming the field of the credential */
	account(credential: unknown): Account;
	speak(send: Send): Twenty2;
}
