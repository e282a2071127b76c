import { describe, expect, it } from '@jest/globals';
import { trustedProxies } from './trusted-proxies.js';

describe('TRUSTED_PROXIES', () => {
  it('takes addresses and networks', () => {
    expect(trustedProxies.parse('10.0.0.0/8, 192.0.2.7,2001:db8::/32')).toEqual([
      '10.0.0.0/8',
      '192.0.2.7',
      '2001:db8::/32',
    ]);
  });

  it.each(['', 'proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.1,', 'true'])(
    'refuses %j',
    (text) => expect(trustedProxies.safeParse(text).success).toBe(false),
  );
});
