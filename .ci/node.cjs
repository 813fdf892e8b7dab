// Checks the version of Node before anything else runs. Node loads this file first (`node -r`). It
// keeps to old syntax, so that an old Node prints this message and not a syntax error.
'use strict';

var version = process.version.slice(1).split('.').map(Number);

if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
	console.error(
		'Node ' +
			process.version.slice(1) +
			' is too old for this: install Node 20.19 or newer, for instance from https://nodejs.org, and run this again.',
	);
	process.exit(1);
}
