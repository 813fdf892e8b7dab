import { inject } from 'vitest';

import { startN8n, type N8n, type StartOptions } from './n8n';

/** A real n8n that this package was installed in. */
export async function startN8nWithNode(options: Omit<StartOptions, 'tarball'> = {}): Promise<N8n> {
	return await startN8n({ tarball: inject('tarball'), ...options });
}
