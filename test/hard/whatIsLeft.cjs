// Loaded into n8n before all else. On SIGUSR2 it collects garbage and prints what is left.
const { Session } = require('node:inspector');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const session = new Session();
session.connect();

const post = (method, params) => {
	let answer;
	session.post(method, params, (error, result) => {
		if (error) throw new Error(error.message);
		answer = result;
	});
	return answer;
};

const propertiesOf = ({ objectId }) =>
	post('Runtime.getProperties', { objectId, ownProperties: true });

/** A variable of the node's own files, exported or not. */
function declared(name) {
	const files = Object.keys(require.cache).filter((path) =>
		/(n8n-nodes-twenty2|dist)\/(dist\/)?shared\/\w+\.js$/.test(path),
	);
	for (const file of files) {
		globalThis.exported = Object.values(require.cache[file].exports).find(
			(value) => typeof value === 'function',
		);
		const { result } = post('Runtime.evaluate', { expression: 'exported' });
		if (!result.objectId) continue;
		const scopes = propertiesOf(result).internalProperties.find((one) => one.name === '[[Scopes]]');
		for (const { value: scope } of propertiesOf(scopes.value).result) {
			const found = scope?.objectId && propertiesOf(scope).result.find((one) => one.name === name);
			if (found?.value?.objectId) return found.value;
		}
	}
	return undefined;
}

/** How many objects there are of a class. */
function countOf(className) {
	const found = declared(className);
	// n8n has not loaded the node yet.
	if (found === undefined) return 0;
	const prototype = propertiesOf(found).result.find(({ name }) => name === 'prototype').value;
	const prototypeObjectId = prototype.objectId;
	const { objects } = post('Runtime.queryObjects', { prototypeObjectId });
	return propertiesOf(objects).result.find(({ name }) => name === 'length').value.value;
}

process.on('SIGUSR2', () => {
	for (let n = 0; n < 3; n++) collectGarbage();
	const left = {
		heap: process.memoryUsage().heapUsed,
		timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
		listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
	};
	left.budgets = countOf('Budget');
	// Lets go of the objects that were looked at, which would stay in the heap.
	session.disconnect();
	session.connect();
	process.stdout.write(`What is left: ${JSON.stringify(left)}\n`);
});
