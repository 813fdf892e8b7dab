/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';

import { inMegabytes, isBodyStream, textOf } from '../../../nodes/Twenty2/api/bodyStream';

const bytes = (text: string) => [...Buffer.from(text)].map((byte) => Buffer.of(byte));

it.each(['', 'a page', 'आशा 📞'])('textOf reads %j, however it is cut into parts', async (text) => {
	expect(await textOf(Readable.from(bytes(text)), 1_000)).toBe(text);
});

it('textOf says that something is wrong with text that ends within a character', async () => {
	const half = Buffer.from('आ').subarray(0, 2);
	expect(await textOf(Readable.from([half]), 1_000)).toBe('\uFFFD');
});

it('textOf reads a body that is as long as it may be', async () => {
	expect(await textOf(Readable.from([Buffer.alloc(6, 'a'), Buffer.alloc(4, 'b')]), 10)).toBe(
		'aaaaaabbbb',
	);
});

it('textOf leaves a body that is a byte longer, and closes its connection', async () => {
	let parts = 0;
	const body = Readable.from(
		(function* () {
			for (;;) yield Buffer.alloc(6, ++parts);
		})(),
		{ objectMode: false, highWaterMark: 1 },
	);
	expect(await textOf(body, 11)).toBeUndefined();
	expect(body.destroyed).toBe(true);
	expect(parts).toBeLessThan(10);
});

it('textOf says what breaks a body off', async () => {
	const body = new Readable({ read: () => undefined });
	body.push('half');
	body.destroy(new Error('aborted'));
	await expect(textOf(body, 1_000)).rejects.toThrow('aborted');
});

it('isBodyStream knows a stream of Node', () => {
	expect(isBodyStream(Readable.from([]))).toBe(true);
});

it.each([
	[undefined],
	[null],
	['text'],
	[7],
	[{}],
	[{ pipe: 'line' }],
	[{ errored: null }],
	[Buffer.from('text')],
])('isBodyStream takes %j for none', (value) => {
	expect(isBodyStream(value)).toBe(false);
});

it.each([
	[1_000_000, '1 MB'],
	[2_500_000, '2.5 MB'],
])('the length of a body says that %i bytes are %s', (size, text) => {
	expect(inMegabytes(size)).toBe(text);
});
