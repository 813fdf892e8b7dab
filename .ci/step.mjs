const every = 10_000;

/** Says what is being done and, while that takes long, that it still is. */
export async function step(what, work) {
	console.log(what);
	const began = Date.now();
	const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
	const alive = setInterval(() => console.log(`  ${seconds()}`), every);
	try {
		const result = await work();
		if (Date.now() - began > every) console.log(`  done after ${seconds()}`);
		return result;
	} finally {
		clearInterval(alive);
	}
}
