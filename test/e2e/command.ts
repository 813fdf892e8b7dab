/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Runs a command to its end. @returns its stdout @throws Error with its output when it fails */
export async function command(
	file: string,
	args: string[],
	cwd: string,
	env: NodeJS.ProcessEnv = {},
	account: { uid?: number; gid?: number } = {},
): Promise<string> {
	try {
		const { stdout } = await exec(file, args, {
			...account,
			cwd,
			env: { ...process.env, ...env },
			maxBuffer: 64 * 1024 * 1024,
		});
		return stdout;
	} catch (error) {
		const { stdout = '', stderr = '' } = Object(error);
		throw new Error(`${file} ${args.join(' ')} failed in ${cwd}\n${stdout}\n${stderr}`, {
			cause: error,
		});
	}
}
