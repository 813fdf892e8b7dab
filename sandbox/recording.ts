const HEADER_BYTES = 44;
const CHUNK_BYTES = 64 * 1024;
const BYTES_PER_SECOND = 8_000;

/** The size of a recording of one second, in bytes. */
export const shortRecording = HEADER_BYTES + BYTES_PER_SECOND;

/** A WAV file of this many bytes, in chunks. It holds pseudo-random noise, the same every time. */
export function* recording(bytes: number): Generator<Buffer> {
	yield header(bytes);
	let noise = 1;
	for (let left = bytes - HEADER_BYTES; left > 0; left -= CHUNK_BYTES) {
		const chunk = Buffer.alloc(Math.min(left, CHUNK_BYTES));
		for (let i = 0; i < chunk.length; i++) {
			noise = Math.imul(noise, 1_664_525) + 1_013_904_223;
			chunk[i] = noise >>> 24;
		}
		yield chunk;
	}
}

function header(bytes: number): Buffer {
	const wav = Buffer.alloc(HEADER_BYTES);
	wav.write('RIFF', 0);
	wav.writeUInt32LE(bytes - 8, 4);
	wav.write('WAVEfmt ', 8);
	wav.writeUInt32LE(16, 16);
	wav.writeUInt16LE(1, 20); // PCM
	wav.writeUInt16LE(1, 22); // mono
	wav.writeUInt32LE(BYTES_PER_SECOND, 24);
	wav.writeUInt32LE(BYTES_PER_SECOND, 28);
	wav.writeUInt16LE(1, 32);
	wav.writeUInt16LE(8, 34); // bits per sample
	wav.write('data', 36);
	wav.writeUInt32LE(bytes - HEADER_BYTES, 40);
	return wav;
}
