import type { IncomingHttpHeaders } from 'node:http';

/** The organisation's own host, which is no tenant (qlik.dev, organisation-level OAuth clients). */
export const organisationHost = 'console.qlikcloud.com';

const publicRegions = new Set(['us', 'eu', 'de', 'uk', 'fr', 'ap', 'sg', 'jp', 'in', 'ae']);

/** The host that a request addresses: the Host header in lower case, without port or trailing dot. */
export function hostOf(headers: IncomingHttpHeaders): string {
  return (headers.host ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
}

/** The region in `{name}.{region}.qlikcloud.com`, or undefined for any other host. */
export function regionOf(host: string): string | undefined {
  return /^[^.]+\.([^.]+)\.qlikcloud\.com$/.exec(host)?.[1];
}

/** Whether Qlik runs this region (qlik.dev, tenant host names). */
export function isPublicRegion(region: string): boolean {
  return publicRegions.has(region);
}

/** Whether the host serves a tenant's API; `register.*` and the organisation's console do not. */
export function isTenantHost(host: string): boolean {
  return host !== organisationHost && !host.startsWith('register.');
}

/** The scheme and authority that links in replies start with: https for Qlik's hosts, else what the caller used. */
export function originOf(headers: IncomingHttpHeaders): string {
  const host = hostOf(headers);
  return host.endsWith('.qlikcloud.com') ? `https://${host}` : `http://${headers.host ?? host}`;
}
