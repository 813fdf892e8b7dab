// `npm start`, with `exec`, or a shell between npm and this process would keep signals to itself.
// Each part runs in a process group of its own, so that whatever it has started by then can be ended
// with it, also when only this process is told to stop.
import { spawn } from 'node:child_process';

const parts = [['.ci/install.mjs'], ['--import', 'tsx', 'test/demo/demo.ts']];
const hasGroups = process.platform !== 'win32';

let part;
let stopping = false;

async function run(args) {
	part = spawn(process.execPath, args, {
		detached: hasGroups,
		// By the channel it learns when this process has ended with no chance to tell it.
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
	});
	const code = await new Promise((resolve) => part.once('exit', resolve));
	if (hasGroups) endGroup(part.pid);
	return code ?? 1;
}

function endGroup(id) {
	try {
		process.kill(-id, 'SIGKILL');
	} catch {
		// Nothing of it is left.
	}
}

function stop() {
	stopping = true;
	part.kill('SIGTERM');
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);

// npm may be ended with no chance to pass it on.
const parent = process.ppid;
setInterval(() => process.ppid === parent || stop(), 500).unref();

for (const args of parts) {
	const code = await run(args);
	if (stopping) break;
	process.exitCode = code;
	if (code !== 0) break;
}
