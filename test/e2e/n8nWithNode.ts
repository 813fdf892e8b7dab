import { inject } from 'vitest';

import { startN8n, type N8n, type StartOptions } from './n8n';

/** Starts n8n with this package installed. */
export async function startN8nWithNode(options: Omit<StartOptions, 'tarball'> = {}): Promise<N8n> {
	return await startN8n({ tarball: inject('tarball'), ...options });
}
