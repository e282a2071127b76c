import { describe, expect, it } from '@jest/globals';
import { CLIENT_MARKER, clientDescription, isClientName, newClientName } from './client-name.js';

const customerId = '0198c0de-0000-7000-8000-000000000001';

describe('newClientName', () => {
  it('says whose it is and ends in 128 random bits', () => {
    expect(newClientName(customerId)).toMatch(new RegExp(`^${CLIENT_MARKER}/${customerId}/[0-9a-f]{32}$`));
    expect(newClientName(customerId).length).toBeLessThanOrEqual(512);
  });

  it('is never the same twice', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newClientName(customerId))).size).toBe(1_000);
  });
});

describe('isClientName', () => {
  it('knows what we make', () => {
    expect(isClientName(customerId, newClientName(customerId))).toBe(true);
  });

  it.each([
    ['by hand', `${CLIENT_MARKER}/${customerId}/by hand`],
    ['of another customer', newClientName('0198c0de-0000-7000-8000-000000000002')],
    ['one digit short', newClientName(customerId).slice(0, -1)],
    ['with something behind it', `${newClientName(customerId)}0`],
    ['with a line behind it', `${newClientName(customerId)}\n`],
    ['in capitals', `${CLIENT_MARKER}/${customerId}/${'A'.repeat(32)}`],
    ['with something before it', `x${newClientName(customerId)}`],
  ])('does not know a name %s', (_which, name) => {
    expect(isClientName(customerId, name)).toBe(false);
  });
});

describe('clientDescription', () => {
  it('names the customer', () => {
    expect(clientDescription(customerId)).toContain(customerId);
  });
});
