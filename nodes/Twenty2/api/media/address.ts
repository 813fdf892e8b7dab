import { undelivered } from './undelivered';

/**
 * Where a link leads, if it is one to follow: https goes anywhere, plain http only to Twenty2's own
 * host where Twenty2 itself is asked so, as a local sandbox is.
 * @param from the address that redirects there
 * @throws Failure when it is not followed
 */
export function addressIn(link: string, baseUrl: string, from?: URL): URL {
	const base = from?.href;
	if (!URL.canParse(link, base)) throw undelivered('Its link is not an address');
	const address = new URL(link, base);
	const { protocol, host } = address;
	const own = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
	const isOwn = host === own?.host && protocol === own.protocol;
	if (protocol === 'https:' || isOwn) return address;
	throw undelivered(`Its link leads to ${protocol}//${host}, and only https is followed`);
}
