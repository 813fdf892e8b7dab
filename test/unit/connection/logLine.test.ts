import { expect, it } from 'vitest';

import { logLine } from '../../../nodes/Twenty2/connection/logLine';

it('a log line stays as it is when it is short and plain', () => {
	expect(logLine('नमस्ते, a call 📞 has failed')).toBe('नमस्ते, a call 📞 has failed');
});

it.each(['\n', '\r\n', '\u2028', '\u2029', '\u0085', '\u001b', '\0', '\u202e'])(
	'a log line has none of %j',
	(sign) => {
		expect(logLine(`one${sign}two`)).toBe('one two');
	},
);

it('a log line is bounded, whatever comes', () => {
	expect(logLine('x'.repeat(10_000_000))).toBe(`${'x'.repeat(499)}…`);
	expect(logLine('abcdef', 3)).toBe('ab…');
	expect(logLine('📞📞', 3)).toBe('📞…');
});
