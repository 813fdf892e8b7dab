// Whoever has an old Node is told so, and not what it makes of newer code: so this file keeps to
// words that every Node understands.
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
