/** Blocks of IPv4 addresses that are not on the internet (RFC 6890, RFC 5771). */
const privateBlocks =
	'0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.168.0.0/16,198.18.0.0/15,224.0.0.0/3';

/** Names that lead into a private network (RFC 6761, 6762, 8375, and what ICANN keeps free for it). */
const privateNames =
	/(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|home\.arpa)$/;

/**
 * Whether a host is a private, loopback, link-local or multicast address, or a name in a private network. A
 * public name may still resolve to a private address: n8n protects from that (`N8N_SSRF_PROTECTION_ENABLED`).
 * @param hostname as `URL` gives it, so an IPv4 address in any spelling has become four decimal numbers
 */
export function isPrivate(hostname: string): boolean {
	const [, v6] = /^\[(.+)\]$/.exec(hostname) ?? [];
	if (v6 !== undefined) return isPrivateV6(groupsOf(v6));
	if (/^[\d.]+$/.test(hostname)) return isPrivateV4(numberOf(hostname));
	const name = hostname.replace(/\.$/, '');
	// A name without a dot is one of this machine or of its network.
	return !name.includes('.') || privateNames.test(name);
}

/** An IPv4 address as a number of 32 bits. */
function numberOf(address: string): number {
	return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

function isPrivateV4(address: number): boolean {
	return privateBlocks.split(',').some((each) => {
		const [block = '', length] = each.split('/');
		const size = 2 ** (32 - Number(length));
		return Math.floor(address / size) === Math.floor(numberOf(block) / size);
	});
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
	const [head = [], tail = []] = address
		.split('::')
		.map((half) => half.split(':').filter((group) => group !== ''))
		.map((half) => half.map((group) => Number.parseInt(group, 16)));
	const zeros = new Array<number>(8 - head.length - tail.length).fill(0);
	return [...head, ...zeros, ...tail];
}

/** The prefixes behind which an IPv6 address holds an IPv4 address, and at which group it begins. */
const embedded: Array<{ prefix: number[]; at: number }> = [
	// ::/96 has the unspecified address and loopback too.
	{ prefix: [0, 0, 0, 0, 0, 0], at: 6 },
	{ prefix: [0, 0, 0, 0, 0, 0xffff], at: 6 },
	{ prefix: [0, 0, 0, 0, 0xffff, 0], at: 6 },
	{ prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
	{ prefix: [0x2002], at: 1 },
];

/** Only 2000::/3 is on the internet, and the addresses that hold an IPv4 address which is (RFC 4291). */
function isPrivateV6(groups: number[]): boolean {
	const holder = embedded.find(({ prefix }) => prefix.every((group, i) => group === groups[i]));
	if (holder) {
		const [high = 0, low = 0] = groups.slice(holder.at);
		return isPrivateV4(high * 65_536 + low);
	}
	const [first = 0, second] = groups;
	// 2001::/32 is Teredo, a tunnel to any IPv4 address.
	return first >> 13 !== 1 || (first === 0x2001 && second === 0);
}
