/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { fileURLToPath } from 'node:url';

/** Where package.json and dist/ are. */
export const project = fileURLToPath(new URL('../..', import.meta.url));
