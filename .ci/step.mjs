const interval = 10_000;

/** Prints what is being done, and the elapsed time every ten seconds. */
export async function step(what, work) {
	console.log(what);
	const start = Date.now();
	const seconds = () => `${Math.round((Date.now() - start) / 1000)} s`;
	const timer = setInterval(() => console.log(`  ${seconds()}`), interval);
	try {
		const result = await work();
		if (Date.now() - start > interval) console.log(`  done after ${seconds()}`);
		return result;
	} finally {
		clearInterval(timer);
	}
}
