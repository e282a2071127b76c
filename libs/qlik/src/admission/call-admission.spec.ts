import { describe, expect, it, jest } from '@jest/globals';
import { caught } from '../../testing/caught.js';
import { host } from '../../testing/local-qlik.js';
import type { QlikOperation } from '../call.js';
import { QlikError } from '../qlik-error.js';
import { CallAdmission } from './call-admission.js';
import type { CallLimits } from './call-limits.js';
import { QlikCircuits, TENANT_FAILURES } from './qlik-circuits.js';
import type { RateTier } from './rate-tier.js';
import { TenantBulkhead } from './tenant-bulkhead.js';

const call = { operation: 'create-oauth-client', host } as const;

/** An admission whose limits note what they are asked. */
function admissionWith(wait = 0) {
  const asked: unknown[][] = [];
  const limits: CallLimits = {
    take: (...asks) => {
      asked.push(['take', ...asks]);
      return Promise.resolve(wait);
    },
    pause: (...asks) => {
      asked.push(['pause', ...asks]);
      return Promise.resolve();
    },
  };
  const log = { warn: () => undefined, info: () => undefined };
  const circuits = new QlikCircuits(30_000, log, () => 0);
  return { admission: new CallAdmission(new TenantBulkhead(), circuits, limits), asked };
}

describe('CallAdmission', () => {
  it('lets a call go that the limits let go', async () => {
    const { admission, asked } = admissionWith();
    expect(await admission.admit(call, undefined, () => Promise.resolve('answer'))).toBe('answer');
    expect(asked).toEqual([['take', host, 'write']]);
  });

  it.each<[QlikOperation, RateTier]>([
    ['token', 'token'],
    ['list-oauth-clients', 'read'],
    ['get-oauth-client', 'read'],
    ['get-connection-config', 'read'],
    ['create-oauth-client', 'write'],
    ['delete-oauth-client', 'write'],
    ['patch-oauth-client', 'write'],
    ['patch-connection-config', 'write'],
    ['create-client-secret', 'write'],
    ['delete-client-secret', 'write'],
  ])('counts %s as a %s', async (operation, tier) => {
    const { admission, asked } = admissionWith();
    await admission.admit({ operation, host }, undefined, () => Promise.resolve());
    expect(asked).toEqual([['take', host, tier]]);
  });

  it('sends nothing when the calls of the minute are spent', async () => {
    const { admission } = admissionWith(12_345);
    const send = jest.fn(() => Promise.resolve());
    expect(await caught(admission.admit(call, undefined, send))).toMatchObject({
      code: 'RATE_LIMIT_REACHED',
      failure: 'held-back',
      retryAfterMs: 12_345,
      outcomeUnknown: false,
    });
    expect(send).not.toHaveBeenCalled();
  });

  it('has the tier paused for everybody before the caller hears of a 429', async () => {
    const { admission, asked } = admissionWith();
    const limited = new QlikError('QLIK_RATE_LIMITED', { ...call, retryAfterMs: 7_000 });
    expect(await caught(admission.admit(call, undefined, () => Promise.reject(limited)))).toBe(limited);
    expect(asked.at(-1)).toEqual(['pause', host, 'write', 7_000]);
  });

  it('pauses nothing for any other error', async () => {
    const { admission, asked } = admissionWith();
    const busy = new QlikError('QLIK_UNAVAILABLE', { ...call, retryAfterMs: 7_000 });
    await caught(admission.admit(call, undefined, () => Promise.reject(busy)));
    expect(asked).toEqual([['take', host, 'write']]);
  });

  it('counts no call that an open circuit holds back', async () => {
    const { admission, asked } = admissionWith();
    for (let time = 0; time < TENANT_FAILURES; time += 1) {
      await caught(admission.admit(call, undefined, () => Promise.reject(new QlikError('QLIK_TIMEOUT', call))));
    }
    const taken = asked.length;
    const send = jest.fn(() => Promise.resolve());
    expect(await caught(admission.admit(call, undefined, send))).toMatchObject({ code: 'TENANT_CIRCUIT_OPEN' });
    expect(send).not.toHaveBeenCalled();
    expect(asked).toHaveLength(taken);
  });

  it('sends nothing for a caller that gave up meanwhile', async () => {
    const { admission } = admissionWith();
    const givingUp = new AbortController();
    const send = jest.fn(() => Promise.resolve());
    const admitted = admission.admit(call, givingUp.signal, send);
    givingUp.abort();
    expect(await caught(admitted)).toMatchObject({ code: 'CALL_ABORTED' });
    expect(send).not.toHaveBeenCalled();
  });
});
