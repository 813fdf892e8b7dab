import type { Generation } from '../api/client';
import type { Connection } from './connect';

const nothingIsSent = (): never => {
	throw new Error('Nothing is sent in a dry run');
};

/** The connection of a dry run. It needs no credential and cannot send anything. */
export function offline(generation: Generation): Connection {
	return {
		twenty2: generation.speak(async () => nothingIsSent()),
		media: { baseUrl: '', open: async () => nothingIsSent(), keep: async () => nothingIsSent() },
		get access() {
			return nothingIsSent();
		},
		baseUrl: '',
		// Without a credential, nothing is known of the limits of a key.
		limits: { requestsPerMinute: 1, concurrentCalls: 1 },
		request: async () => nothingIsSent(),
	};
}
