/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createServer } from 'node:net';
import * as z from 'zod/v4';

import { UserError } from '../../.ci/userError.mjs';

export interface Port {
	number: number;
	/** The environment variable that sets it. */
	variable: string;
	/** The program that listens on it, for messages. */
	owner: string;
}

const portNumber = z.coerce.number().int().min(1024).max(65_535);

function chosenPort(variable: string, owner: string, defaultPort: number): Port {
	const chosen = portNumber.safeParse(process.env[variable] ?? defaultPort);
	if (chosen.success) return { number: chosen.data, variable, owner };
	throw new UserError(
		`${variable}=${process.env[variable]} is no port: give a number from 1024 to 65535.`,
	);
}

/** The ports from the environment. @throws UserError when one is invalid */
export const chosenPorts = (): Record<'editor' | 'sandbox', Port> => ({
	editor: chosenPort('DEMO_EDITOR_PORT', "n8n's editor", 5678),
	sandbox: chosenPort('DEMO_SANDBOX_PORT', 'the Twenty2 sandbox', 4022),
});

/** @throws UserError when the port is taken */
export async function expectFree({ number, variable, owner }: Port): Promise<void> {
	const server = createServer();
	const isFree = await new Promise<boolean>((resolve) => {
		server.once('error', () => resolve(false));
		server.listen(number, '127.0.0.1', () => resolve(true));
	});
	if (!isFree) {
		throw new UserError(
			`Port ${number}, where ${owner} would be, is taken: end what uses it, or choose another with ${variable}=${number + 1} npm start`,
		);
	}
	await new Promise((resolve) => server.close(resolve));
}
