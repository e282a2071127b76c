import { describe, expect, it } from '@jest/globals';
import { CLIENT_MARKER, clientDescription, newClientName } from './client-name.js';

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

describe('clientDescription', () => {
  it('names the customer', () => {
    expect(clientDescription(customerId)).toContain(customerId);
  });
});
