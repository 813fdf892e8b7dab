const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Once somebody has stopped `npm start`, or it is gone. However often they ask, it stops once. */
export const askedToStop = new Promise<void>((resolve) => {
	for (const signal of signals) process.on(signal, () => resolve());
	process.once('disconnect', resolve);
});
