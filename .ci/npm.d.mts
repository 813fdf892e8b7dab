/**
 * Runs `npm install`. Without a network it installs from npm's cache.
 * @throws UserError when the registry is unreachable or the disk is full
 */
export function npmInstall(args: string[], cwd: string): Promise<void>;

/**
 * Runs npm to its end.
 * @throws UserError when the registry is unreachable or the disk is full
 */
export function npm(args: string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<void>;
