import { expect, it } from 'vitest';

import { decoded } from '../../../../nodes/Twenty2/api/media/readers';

const hello = 'Agent: नमस्ते, “आशा”';
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => utf16le(text).swap16();
const marked = (text: string) => `\uFEFF${text}`;

it.each<[string, string | undefined, Buffer, string]>([
	['UTF-8 of which nothing says so', undefined, Buffer.from(hello), hello],
	['UTF-8 that says so', 'UTF-8', Buffer.from(hello), hello],
	['UTF-8 with a byte order mark', undefined, Buffer.from(marked(hello)), hello],
	['UTF-16 by its byte order mark', undefined, utf16le(marked(hello)), hello],
	['UTF-16 with the high byte first by its mark', undefined, utf16be(marked(hello)), hello],
	['UTF-16 whose mark is right and whose header is not', 'utf-8', utf16le(marked(hello)), hello],
	['UTF-16 that has a mark and a header', 'utf-16le', utf16le(marked(hello)), hello],
	['UTF-16 that has a header only', 'utf-16le', utf16le(hello), hello],
	['UTF-16 with the high byte first by its header', 'UTF-16BE', utf16be(hello), hello],
	['windows-1252', 'windows-1252', Buffer.of(0x93, 0x63, 0x61, 0x66, 0xe9, 0x94, 0x80), '“café”€'],
	['ISO-8859-1', 'ISO-8859-1', Buffer.of(0x63, 0x61, 0x66, 0xe9), 'café'],
	['ISO-8859-15', 'iso-8859-15', Buffer.of(0xa4), '€'],
	['Shift JIS', 'Shift_JIS', Buffer.of(0x83, 0x65), 'テ'],
	['GB 18030', 'gb18030', Buffer.of(0xc4, 0xe3), '你'],
	['an unknown charset that is UTF-8', 'x-plain', Buffer.from(hello), hello],
	['nothing', 'utf-16le', Buffer.of(), ''],
])('decoded reads %s', (_, charset, bytes, text) => {
	expect(decoded(bytes, charset)).toBe(text);
});

it.each<[string, string | undefined, Buffer]>([
	[
		'bytes that are no UTF-8, of which nothing says what they are',
		undefined,
		Buffer.of(0xe9, 0x41),
	],
	['a character that is cut off', undefined, Buffer.from('आ').subarray(0, 2)],
	['bytes that are no UTF-8, though the header says so', 'utf-8', Buffer.of(0x63, 0xe9)],
	['an unknown charset that is not UTF-8', 'x-plain', Buffer.of(0x63, 0xe9)],
	['half a character of UTF-16', 'utf-16le', Buffer.of(0x41, 0x00, 0x42)],
	['UTF-16 of which nothing says so', undefined, utf16le('Hello')],
	['UTF-32', 'utf-32', Buffer.of(0xff, 0xfe, 0, 0, 0x41, 0, 0, 0)],
])('decoded reads no text out of %s', (_, charset, bytes) => {
	expect(decoded(bytes, charset)).toBeUndefined();
});
