/**
 * Checks the free space on the disk of a folder.
 * @param free replaces the measurement, in bytes
 * @throws UserError when there is less than `neededGB`
 */
export function requireDiskSpace(
	folder: string,
	neededGB: number,
	free?: (folder: string) => Promise<number>,
): Promise<void>;
