import type dns from 'node:dns';
import { describe, expect, it } from '@jest/globals';
import { guardedConnector, isLoopbackAddress, isPublicAddress } from './address-guard.js';

/** A look-up that answers without any DNS. */
function lookupTo(...addresses: string[]): typeof dns.lookup {
  const lookup = (_host: string, _options: unknown, callback: (error: null, found: dns.LookupAddress[]) => void) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  return lookup as unknown as typeof dns.lookup;
}

function connect(hostname: string, lookup: typeof dns.lookup): Promise<string> {
  const connector = guardedConnector({ connectTimeoutMs: 5_000, lookup });
  return new Promise((resolve) => {
    connector(
      { hostname, host: hostname, protocol: 'https:', port: '1' },
      (error: NodeJS.ErrnoException | null, socket) => {
        socket?.destroy();
        resolve(error?.code ?? 'connected');
      },
    );
  });
}

describe('isPublicAddress', () => {
  it.each([
    '8.8.8.8',
    '52.18.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.0.1',
    '2a00:1450:4001::1',
    '64:ff9b::808:808',
  ])('lets %s pass', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.255.255.254', '168.63.129.16'],
    ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.168.1.1', '198.18.0.1', '198.51.100.1'],
    ...['203.0.113.5', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::127.0.0.1', '64:ff9b::7f00:1'],
    ...['64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', 'fc00::1'],
    ...['fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', 'localhost', ''],
  ])('refuses %j', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('isLoopbackAddress', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1'])('knows %s', (address) =>
    expect(isLoopbackAddress(address)).toBe(true),
  );

  it.each(['126.255.255.255', '128.0.0.1', '0.0.0.0', '10.0.0.1', '169.254.169.254', '::', '::2', 'localhost', ''])(
    'does not take %j for it',
    (address) => expect(isLoopbackAddress(address)).toBe(false),
  );
});

describe('guardedConnector', () => {
  it.each(['127.0.0.1', '[::1]', '::1', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '8.8.8.8', '[2a00:1450:4001::1]'])(
    'refuses the IP literal %s without a look-up',
    async (hostname) => {
      const never = (() => {
        throw new Error('looked up');
      }) as unknown as typeof dns.lookup;
      expect(await connect(hostname, never)).toBe('EADDRBLOCKED');
    },
  );

  it.each([
    ['loopback', ['127.0.0.1']],
    ['IPv6 loopback', ['::1']],
    ['the metadata service', ['169.254.169.254']],
    ['one private address among public ones', ['52.18.0.1', '10.0.0.1']],
    ['one private address before a public one', ['192.168.0.1', '52.18.0.1']],
    ['nothing', []],
  ])('refuses a name that leads to %s', async (_name, addresses) => {
    expect(await connect('acme.eu.qlikcloud.com', lookupTo(...addresses))).toBe('EADDRBLOCKED');
  });

  it('lets an IP literal pass only where it was allowed, and no other with it', async () => {
    const connector = guardedConnector({ connectTimeoutMs: 5_000, isLiteralAllowed: isLoopbackAddress });
    const codeOf = (hostname: string) =>
      new Promise((resolve) =>
        connector(
          { hostname, host: hostname, protocol: 'http:', port: '1' },
          (error: NodeJS.ErrnoException | null, _socket) => resolve(error?.code),
        ),
      );
    expect(await codeOf('127.0.0.1')).toBe('ECONNREFUSED');
    expect(await codeOf('169.254.169.254')).toBe('EADDRBLOCKED');
    expect(await codeOf('8.8.8.8')).toBe('EADDRBLOCKED');
  });

  it('looks a name up once, so that a second answer cannot differ from the one that was checked', async () => {
    const answers = [['10.0.0.1'], ['52.18.0.1']];
    let lookups = 0;
    const rebinding = ((...args: Parameters<typeof dns.lookup>) =>
      (lookupTo(...(answers[lookups++] ?? [])) as (...a: unknown[]) => void)(...args)) as unknown as typeof dns.lookup;
    expect(await connect('acme.eu.qlikcloud.com', rebinding)).toBe('EADDRBLOCKED');
    expect(lookups).toBe(1);
  });

  it('passes the failure of a look-up on', async () => {
    const failing = ((_host: string, _options: unknown, callback: (error: Error) => void) =>
      callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))) as unknown as typeof dns.lookup;
    expect(await connect('acme.eu.qlikcloud.com', failing)).toBe('ENOTFOUND');
  });
});
