import { isIPv4, isIPv6 } from 'node:net';

/** What one sender can be taken for by its address: an IPv4 address, or the /64 of an IPv6 address, which one machine has to itself. */
export function networkOf(told: string): string {
  // Every request comes by here, and most of them from such an address.
  if (!told.includes(':')) return told;
  const address = withoutPort(told);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const omitted = tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0');
  const first = [...groups, ...omitted, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(':')}::/64`;
}

/** Some proxies (Azure's Application Gateway) tell the port, too, which is another for each connection. */
function withoutPort(told: string): string {
  const [, ipv4, ipv6] = /^(?:(\d+\.\d+\.\d+\.\d+):\d+|\[([^\]]*)\](?::\d+)?)$/.exec(told) ?? [];
  return ipv4 ?? ipv6 ?? told;
}
