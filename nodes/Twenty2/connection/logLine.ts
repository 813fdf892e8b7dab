/** What could end a line of a log or change how it is shown. */
const invisible = /[\p{C}\p{Zl}\p{Zp}]+/gu;

/**
 * Text for a log or a message: on one line and of bounded length. What comes from outside could
 * otherwise forge lines of n8n's log or fill the disk.
 * @param longest the longest result, in characters
 */
export function logLine(text: string, longest = 500): string {
	// The length first, so that the pattern never sees more.
	const line = text.slice(0, longest).replace(invisible, ' ');
	return text.length > longest ? `${line.slice(0, -1)}…` : line;
}
