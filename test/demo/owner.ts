import type { Owner } from '../e2e/n8n';

/** The owner of the demo. A fixed password is safe: n8n listens on loopback only. */
export const owner: Owner = {
	email: 'demo@example.com',
	firstName: 'Demo',
	lastName: 'Owner',
	password: 'Twenty2-demo',
};
