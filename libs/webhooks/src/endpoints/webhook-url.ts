import net from 'node:net';

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** Why an endpoint cannot be at this URL, to follow its name; undefined when it can be. Nothing is looked up: the address is judged when it is connected to. */
export function webhookUrlFault(text: string, isLoopbackAllowed: boolean): string | undefined {
  // The URL parser would drop a space, turn "\\" into "/" and a look-alike letter into punycode: what is stored must be what was checked.
  if (!/^https?:\/\/[!-[\]-~]+$/.test(text) || !URL.canParse(text)) {
    return 'must be a URL such as https://app.example/webhooks, in ASCII';
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    return 'must not have a user or password: the signature shows who sends';
  if (text.includes('#')) return 'must not have a fragment';
  if (isLoopbackAllowed && LOOPBACK_HOSTS.includes(url.hostname)) return undefined;
  if (url.protocol !== 'https:') return 'must be an https URL';
  // The parser has turned every spelling of an IPv4 address into the usual one by now.
  if (url.hostname.startsWith('[') || net.isIP(url.hostname) !== 0) return 'must have a name and not an IP address';
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(url.hostname)) return 'must have the full name of a public host';
  return undefined;
}
