/** With `free` instead of a look at the disk, in bytes. */
export function expectRoom(
	folder: string,
	neededGB: number,
	free?: (folder: string) => Promise<number>,
): Promise<void>;
