// `npm start`: installs the dependencies, then runs the demo. It uses nothing but Node, because on a
// fresh clone nothing is installed yet. package.json runs it with `exec`: a shell between npm and this
// process would not pass on signals. Each part runs in its own process group. When the part ends, the
// whole group is killed, so no process that it started is left.
import { spawn } from 'node:child_process';

const parts = [['.ci/install.mjs'], ['--import', 'tsx', 'test/demo/demo.ts']];
const hasGroups = process.platform !== 'win32';

let part;
let stopping = false;

async function run(args) {
	part = spawn(process.execPath, args, {
		detached: hasGroups,
		// The channel closes when this process is killed, and the part then stops.
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
		// The group has no process left.
	}
}

function stop() {
	stopping = true;
	part.kill('SIGTERM');
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);

// When npm is killed, no signal arrives. The parent process id changes instead.
const parent = process.ppid;
setInterval(() => process.ppid === parent || stop(), 500).unref();

for (const args of parts) {
	const code = await run(args);
	if (stopping) break;
	process.exitCode = code;
	if (code !== 0) break;
}
