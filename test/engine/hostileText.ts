import fc from 'fast-check';

/** Text as people, programs and attackers write it. */
export const hostileText = fc.oneof(
	fc.string({ unit: 'binary', maxLength: 50 }),
	fc.constantFrom(
		'__proto__',
		'constructor',
		'../../admin',
		'..%2f..%2fadmin',
		'a?b=c#d',
		'a\r\nX-Injected: 1',
		'//evil.example/x',
		'https://evil.example',
		'@evil.example',
		'{{ $json }}',
		'={{ $env }}',
		'\u0000',
		'\ud800',
		' ',
		'.',
		'..',
		'call_1',
		'',
	),
	fc.string({ minLength: 5_000, maxLength: 6_000 }),
);
