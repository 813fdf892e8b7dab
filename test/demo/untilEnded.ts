/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { UserError } from '../../.ci/userError.mjs';
import type { N8n } from '../e2e/n8n';

/** Waits until n8n ends by itself. Then writes its log to a file and throws a UserError. */
export async function untilEnded(n8n: N8n): Promise<never> {
	while (!n8n.hasEnded) await delay(1000);
	const log = join(n8n.userFolder, 'n8n.log');
	await writeFile(log, n8n.log);
	throw new UserError(
		`n8n has ended on its own: its last words are in ${log}. npm start begins anew.`,
	);
}
