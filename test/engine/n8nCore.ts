/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// n8n-core reads these when it is loaded and writes its instance settings into the user folder, so
// they have to be set before: an import statement would be hoisted above them.
const userFolder = mkdtempSync(join(tmpdir(), 'n8n-engine-'));
process.env.N8N_USER_FOLDER = userFolder;
process.env.N8N_LOG_LEVEL = 'silent';

// The tests on n8n 1 set the folder of its packages. Without it they are those of this project.
const { N8N_CORE_FOLDER: folder } = process.env;

/** Whether the engine is that of n8n 1. */
export const onN8n1 = folder !== undefined;

/**
 * Whether "Retry execution" of a stopped execution starts over. On n8n 1 it ends at once with success,
 * because n8n 1 stores a stopped execution without the node that was running.
 */
export const resumesAfterStop = !onN8n1;

const requireHere = createRequire(folder ? join(folder, 'package.json') : import.meta.url);
// There are several copies of n8n's packages in node_modules, each with a state of its own, and
// n8n-workflow is there as CommonJS and as ESM. What n8n-core itself requires is what runs in n8n.
const requireAsCore = createRequire(requireHere.resolve('n8n-core'));

export const core: typeof import('n8n-core') = requireHere('n8n-core');
export const workflowPackage: typeof import('n8n-workflow') = requireAsCore('n8n-workflow');

// Its settings are read, and with that written, once. A test worker is killed rather than asked to
// exit, so the folder goes as soon as nothing needs it.
const { Container }: typeof import('@n8n/di') = requireAsCore('@n8n/di');
const { Logger }: typeof import('@n8n/backend-common') = requireAsCore('@n8n/backend-common');

/** What nodes log to; it prints nothing here. */
export const logger = Container.get(Logger);

/** Where binary data is kept: in memory until it is initialised, then in the user folder. */
export const binaryData = Container.get(core.BinaryDataService);

Container.get(core.InstanceSettings);
rmSync(userFolder, { recursive: true });
