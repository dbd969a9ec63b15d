import net from 'node:net';

/** Hexadecimal groups of an IPv6 address that name a network: the 64 bits behind them are the subscriber's to choose. */
const NETWORK_GROUPS = 4;

/** Those that name a site, which may choose among 65,536 networks (RFC 6177): whoever asks is given one. */
const SITE_GROUPS = 3;

/**
 * Who answers for an address: an IPv4 address itself, of an IPv6 address the network (`/64`), for whoever has one address of it has
 * 2^64. What is no address stands for itself.
 */
export function networkOf(address: string): string {
  return prefixOf(address, NETWORK_GROUPS);
}

/** The site of an address: of an IPv6 address the `/48`, of any other the network. */
export function siteOf(address: string): string {
  return prefixOf(address, SITE_GROUPS);
}

function prefixOf(address: string, length: number): string {
  const plain = address.replace(/%.*$/, '');
  if (!net.isIPv6(plain)) return plain;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  return `${groupsOf(plain).slice(0, length).join(':')}::/${length * 16}`;
}

/** The eight groups of an IPv6 address, each without leading zeros. */
function groupsOf(address: string): string[] {
  /* The one form that URLs have for each address (WHATWG URL, IPv6 serializer). */
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const split = (text: string): string[] => (text === '' ? [] : text.split(':'));
  if (tail === undefined) return split(head);
  const [front, back] = [split(head), split(tail)];
  return [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
}
