import { fileURLToPath } from 'node:url';

/** Where package.json and dist/ are. */
export const project = fileURLToPath(new URL('../..', import.meta.url));
