import dns from 'node:dns';
import net, { type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** The `code` of the error with which the guard ends a connection. */
export const ADDRESS_BLOCKED = 'EADDRBLOCKED';

/** IPv4 that is not public: IANA's special-purpose registry, and 168.63.129.16, where Azure serves its machines. */
const ipv4Ranges: [address: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** IPv6 that is not public: IANA's special-purpose registry, and the ways to write an IPv4 address in it. */
const ipv6Ranges: [address: string, prefix: number][] = [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const notPublic = new net.BlockList();
for (const [address, prefix] of ipv4Ranges) {
  // Node checks a mapped address (::ffff:127.0.0.1) against the IPv4 rules; one behind NAT64 (RFC 6052) it does not.
  notPublic.addSubnet(address, prefix, 'ipv4');
  notPublic.addSubnet(`64:ff9b::${address}`, 96 + prefix, 'ipv6');
}
for (const [address, prefix] of ipv6Ranges) notPublic.addSubnet(address, prefix, 'ipv6');

const loopback = new net.BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an IP address can be a server on the public Internet; false for text that is no IP address. */
export function isPublicAddress(address: string): boolean {
  // A zone (fe80::1%eth0) names an interface of this machine.
  if (net.isIP(address) === 0 || address.includes('%')) return false;
  return !notPublic.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Whether an IP address is this machine's own: 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(address: string): boolean {
  return net.isIP(address) !== 0 && loopback.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** How to connect to hosts that others named; all but the time limit have a default that only tests and development change. */
export interface GuardedConnectorOptions {
  connectTimeoutMs: number;
  lookup?: typeof dns.lookup;
  /** Which of the addresses that a name leads to. */
  isAllowed?: (address: string) => boolean;
  /** Which IP literals in place of a name; none by default. */
  isLiteralAllowed?: (address: string) => boolean;
  ca?: string | Buffer;
}

/** Connects to a host by name: to no IP literal, and only if every address the one look-up gives is public; TLS is checked against that name. */
export function guardedConnector(options: GuardedConnectorOptions): buildConnector.connector {
  const { connectTimeoutMs, lookup = dns.lookup, isAllowed = isPublicAddress, isLiteralAllowed, ca } = options;
  const guardedLookup: LookupFunction = (hostname, lookupOptions, callback) => {
    lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) return callback(blocked(), []);
      if (lookupOptions.all === true) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
  // HTTP/1.1 only: over HTTP/2 a request may be sent again without us, and the limit on the size of a response does not hold.
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    lookup: guardedLookup,
    ...(ca === undefined ? {} : { ca }),
  });
  return (target, callback) => {
    // `lookup` is not asked about IP literals.
    const literal = target.hostname.replace(/^\[|\]$/g, '');
    if (net.isIP(literal) === 0) return connect({ ...target, servername: target.hostname }, callback);
    if (isLiteralAllowed?.(literal) === true) return connect(target, callback);
    callback(blocked(), null);
  };
}

function blocked(): NodeJS.ErrnoException {
  return Object.assign(new Error('The host leads to an address that is not public.'), { code: ADDRESS_BLOCKED });
}
