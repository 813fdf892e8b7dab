/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Resolves at the first signal to stop, or when the process of `npm start` has ended. */
export const stopRequested = new Promise<void>((resolve) => {
	for (const signal of signals) process.on(signal, () => resolve());
	process.once('disconnect', resolve);
});
