/** Byte order marks. They count more than what a server says (WHATWG Encoding, 6). */
const marks = [
	{ encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
	{ encoding: 'utf-16le', bytes: [0xff, 0xfe] },
	{ encoding: 'utf-16be', bytes: [0xfe, 0xff] },
];

/**
 * Decodes a text by its byte order mark, or else by its charset. An unknown charset and none are UTF-8.
 * @param charset as a server calls it
 * @returns undefined when the bytes are no text of that encoding
 */
export function decoded(text: Uint8Array, charset?: string): string | undefined {
	const mark = marks.find(({ bytes }) => bytes.every((byte, i) => text[i] === byte));
	const decoder = decoderOf(mark?.encoding ?? charset);
	try {
		// In one go, Node 20 decodes windows-1252 as ISO-8859-1.
		const characters = decoder.decode(text, { stream: true }) + decoder.decode();
		// No text has this character, but the bytes of UTF-16 and UTF-32 are UTF-8 with it.
		return characters.includes('\0') ? undefined : characters;
	} catch {
		return undefined;
	}
}

/** Throws where a text is not of its encoding. */
const strict = { fatal: true };

function decoderOf(charset = 'utf-8') {
	try {
		return new TextDecoder(charset, strict);
	} catch {
		return new TextDecoder('utf-8', strict);
	}
}
