import { undelivered } from './undelivered';

/**
 * Where a link leads, if it is one to follow: https goes anywhere, plain http only to Twenty2's own
 * host, as in a local sandbox.
 * @param from the address that redirects there
 * @throws Failure when it is not followed
 */
export function addressIn(link: string, baseUrl: string, from?: URL): URL {
	const base = from?.href;
	if (!URL.canParse(link, base)) throw undelivered('Its link is not an address');
	const address = new URL(link, base);
	const { protocol, host } = address;
	const isOwn = URL.canParse(baseUrl) && host === new URL(baseUrl).host;
	if (protocol === 'https:' || (protocol === 'http:' && isOwn)) return address;
	throw undelivered(`Its link leads to ${protocol}//${host}, and only https is followed`);
}
