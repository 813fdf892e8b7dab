import type { Owner } from '../e2e/n8n';

/** The same on every machine, where nobody else can reach it. */
export const owner: Owner = {
	email: 'demo@example.com',
	firstName: 'Demo',
	lastName: 'Owner',
	password: 'Twenty2-demo',
};
