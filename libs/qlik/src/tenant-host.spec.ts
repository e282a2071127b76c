import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@app/platform';
import {
  assertTenantRegion,
  hasTenantRegion,
  parseTenantHost,
  regionOf,
  tenantHostPolicy,
  tenantHostSettings,
} from './tenant-host.js';

const policyOf = (env: Record<string, string> = {}) => tenantHostPolicy(parseConfig(tenantHostSettings, env));
const standard = policyOf();

describe('parseTenantHost', () => {
  it.each([
    'acme.eu.qlikcloud.com',
    'a.us.qlikcloud.com',
    '0a1b2c3d4e5f6g7.de.qlikcloud.com',
    'acme-test-2.ap.qlikcloud.com',
    `${'a'.repeat(63)}.in.qlikcloud.com`,
    'registered.eu.qlikcloud.com',
    'consoles.ae.qlikcloud.com',
  ])('accepts %s as it is', (host) => {
    expect(parseTenantHost(host, standard)).toEqual({ ok: true, host });
  });

  it.each([
    ['', 'empty'],
    ['https://acme.eu.qlikcloud.com', 'URL'],
    ['HTTP://acme.eu.qlikcloud.com/', 'URL'],
    ['ftp://acme.eu.qlikcloud.com', 'URL'],
    ['acme.eu.qlikcloud.com/', 'path'],
    ['acme.eu.qlikcloud.com/api', 'path'],
    ['acme.eu.qlikcloud.com?x', 'path'],
    ['acme.eu.qlikcloud.com#x', 'path'],
    ['acme.eu.qlikcloud.com\\@evil.example', 'user'],
    ['acme.eu.qlikcloud.com\\evil', 'path'],
    ['acme.eu.qlikcloud.com:443', 'port'],
    ['acme.eu.qlikcloud.com:', 'port'],
    ['me:password@acme.eu.qlikcloud.com', 'user'],
    ['acme.eu.qlikcloud.com@evil.example', 'user'],
    ['127.0.0.1', 'IP address'],
    ['169.254.169.254', 'IP address'],
    ['::1', 'IP address'],
    ['[::1]', 'IP address'],
    ['[::ffff:127.0.0.1]', 'IP address'],
    ['::ffff:7f00:1', 'IP address'],
    ['fe80::1%eth0', 'IP address'],
    ['2130706433', 'IP address'],
    ['0x7f000001', 'IP address'],
    ['0x7f.1', 'IP address'],
    ['0X7F.0.0.1', 'IP address'],
    ['0177.0.0.1', 'IP address'],
    ['127.1', 'IP address'],
    ['127.0.0.1.', 'IP address'],
    ['acme.eu.qlikcloud.com.', 'end in a dot'],
    ['acme..eu.qlikcloud.com', 'empty part'],
    ['.eu.qlikcloud.com', 'empty part'],
    ['Acme.eu.qlikcloud.com', 'use lower case'],
    ['acme.eu.qlikcloud.COM', 'use lower case'],
    ['аcme.eu.qlikcloud.com', 'look-alike'],
    ['acme。eu.qlikcloud.com', 'look-alike'],
    ['ａcme.eu.qlikcloud.com', 'look-alike'],
    ['acme\u200b.eu.qlikcloud.com', 'look-alike'],
    ['acme\r\n.eu.qlikcloud.com', 'look-alike'],
    ['acme.eu.qlikcloud.com\0', 'look-alike'],
    ['xn--cme-7cd.eu.qlikcloud.com', 'xn--'],
    ['acme.xn--e1a.qlikcloud.com', 'xn--'],
    ['register.eu.qlikcloud.com', 'registers tenants'],
    ['console.eu.qlikcloud.com', 'console'],
    ['console.qlikcloud.com', 'console'],
    [`${'a'.repeat(64)}.eu.qlikcloud.com`, '63'],
    [`${'a.'.repeat(130)}com`, '253'],
    ['-acme.eu.qlikcloud.com', 'hyphen'],
    ['acme-.eu.qlikcloud.com', 'hyphen'],
    ['ac me.eu.qlikcloud.com', 'may only have'],
    [' acme.eu.qlikcloud.com', 'may only have'],
    ['acme_1.eu.qlikcloud.com', 'may only have'],
    ['*.eu.qlikcloud.com', 'may only have'],
    ['acme%2eeu.qlikcloud.com', 'may only have'],
    ['localhost', 'not one of the allowed'],
    ['qlikcloud.com', 'not one of the allowed'],
    ['eu.qlikcloud.com', 'not one of the allowed'],
    ['acme.xx.qlikcloud.com', 'not one of the allowed'],
    ['a.b.eu.qlikcloud.com', 'not one of the allowed'],
    ['acme.eu.qlikcloud.com.evil.example', 'not one of the allowed'],
    ['acme.eu.evilqlikcloud.com', 'not one of the allowed'],
    ['acme.euxqlikcloud.com', 'not one of the allowed'],
  ])('refuses %j: %s', (text, word) => {
    const result = parseTenantHost(text, standard);
    expect(result).toEqual({ ok: false, reason: expect.stringContaining(word) });
  });

  it('has a sentence of its own for each fault', () => {
    const faults = [
      ...['', 'https://a.b', 'a.b/', 'a.b:1', 'u@a.b', '1.2.3.4', 'a.b.', 'A.b', 'ä.b', 'xn--a.b', 'register.a'],
      ...['console.a', `${'a'.repeat(64)}.b`, 'a.'.repeat(150), 'a b', 'a..b', '-a.b', 'a.b'],
    ];
    const reasons = faults.map((text) => {
      const result = parseTenantHost(text, standard);
      return result.ok ? '' : result.reason;
    });
    expect(new Set(reasons).size).toBe(faults.length);
    expect(reasons).not.toContain('');
  });

  it('refuses register.* and console.* even when a pattern would match', () => {
    const wide = policyOf({ QLIK_TENANT_HOSTS: '*.sandbox.example, register.eu.qlikcloud.com' });
    expect(parseTenantHost('acme.sandbox.example', wide).ok).toBe(true);
    expect(parseTenantHost('register.sandbox.example', wide).ok).toBe(false);
    expect(parseTenantHost('register.eu.qlikcloud.com', wide).ok).toBe(false);
    expect(parseTenantHost('console.sandbox.example', wide).ok).toBe(false);
  });

  it('takes * for one part and a dot for a dot', () => {
    const wide = policyOf({ QLIK_TENANT_HOSTS: '*.sandbox.example' });
    expect(parseTenantHost('a.b.sandbox.example', wide).ok).toBe(false);
    expect(parseTenantHost('acme.sandboxxexample', wide).ok).toBe(false);
    expect(parseTenantHost('sandbox.example', wide).ok).toBe(false);
  });

  it('knows only the configured regions', () => {
    const eu = policyOf({ QLIK_REGIONS: 'eu, us' });
    expect(parseTenantHost('acme.us.qlikcloud.com', eu).ok).toBe(true);
    expect(parseTenantHost('acme.de.qlikcloud.com', eu).ok).toBe(false);
  });
});

describe('tenantHostSettings', () => {
  it.each([
    ['QLIK_TENANT_HOSTS', '*'],
    ['QLIK_TENANT_HOSTS', 'acme.*'],
    ['QLIK_TENANT_HOSTS', 'https://acme.eu.qlikcloud.com'],
    ['QLIK_TENANT_HOSTS', 'ac*.eu.qlikcloud.com'],
    ['QLIK_TENANT_HOSTS', '.*'],
    ['QLIK_TENANT_HOSTS', '(a+)+.example'],
    ['QLIK_TENANT_HOSTS', ' , '],
    ['QLIK_REGIONS', 'EU'],
    ['QLIK_REGIONS', 'eu|us'],
  ])('refuses %s=%s, naming the key', (key, value) => {
    expect(() => parseConfig(tenantHostSettings, { [key]: value })).toThrow(key);
  });
});

describe('regionOf', () => {
  it('is the second part of the host', () => {
    expect(regionOf('acme.eu.qlikcloud.com')).toBe('eu');
    expect(regionOf('localhost')).toBeUndefined();
  });
});

describe('hasTenantRegion', () => {
  it.each<[Record<string, string>, string[], string[]]>([
    [{}, ['eu', 'us', 'ae'], ['xx', 'EU', '', 'qlikcloud', 'e', '__proto__']],
    [{ QLIK_REGIONS: 'eu' }, ['eu'], ['us']],
    [{ QLIK_TENANT_HOSTS: '{name}.dev.example,{name}.{region}.qlikcloud.com' }, ['dev', 'eu'], ['example']],
    [{ QLIK_TENANT_HOSTS: '{name}.*.example' }, ['anything', 'eu'], ['Not-A-Label', '-', 'a b', 'x'.repeat(64)]],
  ])('with %j has %j and not %j', (env, known, unknown) => {
    const settings = parseConfig(tenantHostSettings, env);
    for (const region of known) expect([region, hasTenantRegion(settings, region)]).toEqual([region, true]);
    for (const region of unknown) {
      expect([region, hasTenantRegion(settings, region)]).toEqual([region, false]);
      expect(() => assertTenantRegion(settings, region)).toThrow(`There is no region "${region.slice(0, 100)}".`);
    }
  });
});
