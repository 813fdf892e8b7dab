/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */

/** By the clock of the global `setTimeout`, which tests with virtual time replace. Keeps no process alive. */
export async function sleep(ms: number): Promise<void> {
	await new Promise<void>((resolve) => {
		setTimeout(resolve, ms).unref();
	});
}
