export function npmInstall(args: string[], cwd: string): Promise<void>;
export function npm(args: string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<void>;
