import net from 'node:net';
import { DomainError } from '@app/platform';
import { z } from 'zod';

/** Which hosts are tenants; made by `tenantHostPolicy`. */
export interface TenantHostPolicy {
  allows: (host: string) => boolean;
}

/** A tenant's host in its one accepted spelling, or a sentence saying what is wrong with the text. */
export type TenantHostResult = { ok: true; host: string } | { ok: false; reason: string };

/** Where Qlik Cloud runs (qlik.dev, tenant host names). */
const knownRegions = ['us', 'eu', 'de', 'uk', 'fr', 'ap', 'sg', 'jp', 'in', 'ae'];

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const labelPattern = new RegExp(`^${LABEL}$`);
const patternPart = new RegExp(`^(?:${LABEL}|\\*|\\{name\\}|\\{region\\})$`);

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** `QLIK_TENANT_HOSTS` and `QLIK_REGIONS`: no secrets, so that a process may judge hosts without being able to enter tenants. */
export const tenantHostSettings = {
  QLIK_TENANT_HOSTS: list
    .refine(
      (patterns) => patterns.length > 0 && patterns.every(isPattern),
      'must be hosts or patterns such as "{name}.{region}.qlikcloud.com" or "*.sandbox.example", separated by commas, in lower case',
    )
    .default(['{name}.{region}.qlikcloud.com']),
  QLIK_REGIONS: list
    .refine(
      (regions) => regions.length > 0 && regions.every((region) => labelPattern.test(region)),
      'must be regions such as "eu,us", separated by commas, in lower case',
    )
    .default(knownRegions),
};

/** The policy of the parsed `tenantHostSettings`. In a pattern `{name}` and `*` stand for one label each, `{region}` for one of the regions. */
export function tenantHostPolicy(settings: { QLIK_TENANT_HOSTS: string[]; QLIK_REGIONS: string[] }): TenantHostPolicy {
  const regions = `(?:${settings.QLIK_REGIONS.join('|')})`;
  const patterns = settings.QLIK_TENANT_HOSTS.map((pattern) => {
    const parts = pattern.split('.').map((part) => {
      if (part === '{region}') return regions;
      return part === '*' || part === '{name}' ? LABEL : part;
    });
    return new RegExp(`^${parts.join('\\.')}$`);
  });
  return { allows: (host) => patterns.some((pattern) => pattern.test(host)) };
}

/** Whether a tenant's host that the parsed `tenantHostSettings` allow can be in this region. */
export function hasTenantRegion(
  settings: { QLIK_TENANT_HOSTS: string[]; QLIK_REGIONS: string[] },
  region: string,
): boolean {
  return settings.QLIK_TENANT_HOSTS.some((pattern) => {
    const part = regionOf(pattern);
    if (part === '{region}') return settings.QLIK_REGIONS.includes(region);
    return part === '*' || part === '{name}' ? labelPattern.test(region) : part === region;
  });
}

/** Throws REGION_UNKNOWN for a region in which no tenant can be. */
export function assertTenantRegion(
  settings: { QLIK_TENANT_HOSTS: string[]; QLIK_REGIONS: string[] },
  region: string,
): void {
  if (hasTenantRegion(settings, region)) return;
  throw new DomainError(
    'invalid',
    'REGION_UNKNOWN',
    `There is no region "${region.slice(0, 100)}". The regions are ${settings.QLIK_REGIONS.join(', ')}; QLIK_REGIONS names them.`,
  );
}

/** The region of a tenant's host, its second label: `eu` of `acme.eu.qlikcloud.com`; undefined if there is none. */
export function regionOf(host: string): string | undefined {
  return host.split('.')[1];
}

/** Judges a tenant's host by its spelling and the policy; nothing is looked up. */
export function parseTenantHost(text: string, policy: TenantHostPolicy): TenantHostResult {
  const reason = spellingFault(text) ?? nameFault(text);
  if (reason !== undefined) return { ok: false, reason };
  if (!policy.allows(text)) {
    return {
      ok: false,
      reason: 'The host is not one of the allowed tenant hosts; give one like "acme.eu.qlikcloud.com".',
    };
  }
  return { ok: true, host: text };
}

function spellingFault(text: string): string | undefined {
  if (text === '') return 'The host is empty; give the host of the tenant.';
  if (/[^\x20-\x7e]/.test(text)) {
    return 'The host has a character outside ASCII, perhaps a look-alike letter; type the host by hand.';
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    return 'The host must not be a URL; give the part between "//" and the next "/".';
  if (isAddress(text)) return 'The host must be a name and not an IP address.';
  if (text.includes('@')) return 'The host must not have a user or password before it.';
  if (/[/?#\\]/.test(text)) return 'The host must not have a path, query or fragment after it.';
  if (/:\d*$/.test(text)) return 'The host must not have a port after it; tenants answer on 443.';
  if (/[^A-Za-z0-9.-]/.test(text)) return 'The host may only have letters, digits, hyphens and dots.';
  if (/[A-Z]/.test(text)) return 'The host has an upper-case letter; use lower case.';
  return undefined;
}

function nameFault(text: string): string | undefined {
  if (text.length > 253) return 'The host is longer than 253 characters.';
  if (text.endsWith('.')) return 'The host must not end in a dot.';
  const labels = text.split('.');
  if (labels.includes('')) return 'The host has an empty part between two dots or before the first.';
  if (labels.some((label) => label.length > 63)) return 'A part of the host between dots is longer than 63 characters.';
  if (labels.some((label) => label.startsWith('xn--'))) {
    return 'The host is an internationalised name (xn--), and tenants have none; type the host by hand.';
  }
  if (!labels.every((label) => labelPattern.test(label))) return 'A part of the host starts or ends with a hyphen.';
  if (labels[0] === 'register') return 'The host registers tenants and is none itself; give the host of the tenant.';
  if (labels[0] === 'console')
    return "The host is the organisation's console and no tenant; give the host of the tenant.";
  return undefined;
}

/** IPv4 and IPv6, and every form that the URL Standard's host parser reads as IPv4: decimal, hexadecimal, octal, short. */
function isAddress(text: string): boolean {
  const bare = text.replace(/^\[|\]$/g, '');
  if (net.isIP(bare) !== 0 || text.startsWith('[')) return true;
  const last = text.replace(/\.$/, '').split('.').at(-1) ?? '';
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(last);
}

function isPattern(pattern: string): boolean {
  const parts = pattern.split('.');
  return parts.length > 1 && parts.every((part) => patternPart.test(part)) && labelPattern.test(parts.at(-1) ?? '');
}
