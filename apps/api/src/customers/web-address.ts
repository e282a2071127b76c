const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** An https URL, or http on this machine, without password or fragment (RFC 6749, section 3.1.2), written so that parsing it changes nothing of its start. */
export function isRedirectUri(value: string): boolean {
  const url = parse(value);
  return url !== undefined && url.hash === '' && !value.includes('#') && url.username === '' && url.password === '';
}

/** An https origin, or http on this machine, as a browser sends it: scheme, host, port, and nothing after. */
export function isAllowedOrigin(value: string): boolean {
  return parse(value)?.origin === value;
}

function parse(value: string): URL | undefined {
  // The URL parser would drop a space, turn "\\" into "/" and a look-alike letter into punycode: what is stored must be what was
  // checked, and no wildcard.
  if (!/^https?:\/\/(?![^/?]*\*)[!-[\]-~]+$/.test(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return url.protocol === 'https:' || LOCAL_HOSTS.includes(url.hostname) ? url : undefined;
}
