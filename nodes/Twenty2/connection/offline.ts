import type { Generation } from '../api/client';
import type { Connection } from './connect';

/** Without a credential, nothing is known of the limits of a key. */
const leastLimits = { requestsPerMinute: 1, concurrentCalls: 1 };

const nothingIsSent = (): never => {
	throw new Error('Nothing is sent in a dry run');
};

/** A connection that knows the rules of a generation of the API and can send nothing. It needs no credential. */
export function offline(generation: Generation): Connection {
	return {
		twenty2: generation.speak(async () => nothingIsSent()),
		media: {
			baseUrl: '',
			open: async () => nothingIsSent(),
			keep: async () => nothingIsSent(),
		},
		get access() {
			return nothingIsSent();
		},
		baseUrl: '',
		limits: leastLimits,
		request: async () => nothingIsSent(),
	};
}
