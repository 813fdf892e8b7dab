/** What could end a line of a log or change how it is shown. */
const invisible = /[\p{C}\p{Zl}\p{Zp}]+/gu;

/** Text from outside on one line of bounded length. It could otherwise forge lines of n8n's log or fill the disk. */
export function logLine(text: string, longest = 500): string {
	// It is cut first, so that the pattern never sees more.
	const line = text.slice(0, longest).replace(invisible, ' ');
	return text.length > longest ? `${line.slice(0, -1)}…` : line;
}
