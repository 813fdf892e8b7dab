import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installedN8n } from './install';
import { startN8n, type N8n } from './n8n';
import { packProject } from './pack';

/** A real n8n that this package was built, packed and installed for. */
export async function startN8nWithNode(): Promise<N8n> {
	await installedN8n();
	const folder = await mkdtemp(join(tmpdir(), 'twenty2-packed-'));
	try {
		return await startN8n({ tarball: await packProject(folder) });
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
