/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** An address on which a process listens. */
export interface Listener {
	/** `loopback`, or another address as /proc shows it. */
	address: string;
	port: number;
}

const loopback = [
	'0100007F',
	'00000000000000000000000001000000',
	'0000000000000000FFFF00000100007F',
];
const listening = '0A';

/** A process and all its descendants. Linux only. */
export async function processTree(root: number): Promise<number[]> {
	const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
	const parents = new Map(
		await Promise.all(
			pids.map(async (pid): Promise<[number, number]> => [pid, await parentOf(pid)]),
		),
	);
	const tree = [root];
	for (const pid of tree) tree.push(...pids.filter((child) => parents.get(child) === pid));
	return tree;
}

async function parentOf(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
	return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}

/** The addresses on which these processes listen over TCP. Linux only. */
export async function listeners(pids: number[]): Promise<Listener[]> {
	const sockets = (await Promise.all(pids.map(socketsOf))).flat();
	const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(
		async (file) => await readFile(file, 'utf8'),
	);
	const rows = (await Promise.all(tables)).flatMap((table) => table.split('\n'));
	return rows.flatMap((row) => {
		const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
		if (state !== listening || !sockets.includes(`socket:[${inode}]`)) return [];
		const [address = '', port = ''] = local.split(':');
		return {
			address: loopback.includes(address) ? 'loopback' : address,
			port: Number.parseInt(port, 16),
		};
	});
}

async function socketsOf(pid: number): Promise<string[]> {
	const folder = `/proc/${pid}/fd`;
	const files = await readdir(folder).catch(() => []);
	return await Promise.all(
		files.map(async (fd) => await readlink(`${folder}/${fd}`).catch(() => '')),
	);
}
