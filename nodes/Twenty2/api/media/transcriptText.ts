import type { Body } from './files';
import { undelivered } from './undelivered';

/** Days of talk. What is longer is something else, and would not fit into an item. */
const MOST_BYTES = 10_000_000;

/** Reads a transcript, whatever its format, as text. @throws Failure when it is too long for one */
export async function transcriptText(body: Body): Promise<string> {
	const decoder = new TextDecoder();
	let bytes = 0;
	let text = '';
	for await (const next of body) {
		const chunk: Buffer = next;
		bytes += chunk.length;
		if (bytes > MOST_BYTES) throw undelivered('It is longer than 10 MB', 200);
		text += decoder.decode(chunk, { stream: true });
	}
	return text + decoder.decode();
}
