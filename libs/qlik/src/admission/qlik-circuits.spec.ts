import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { caught } from '../../testing/caught.js';
import { QlikError, type QlikErrorFacts } from '../qlik-error.js';
import type { QlikErrorCode } from '../qlik-error.table.js';
import { QlikCircuits, REGION_TENANTS, TENANT_FAILURES } from './qlik-circuits.js';

const OPEN_MS = 30_000;

const callTo = (host: string) => ({ operation: 'get-oauth-client', host }) as const;
const acme = callTo('acme.eu.qlikcloud.com');
const other = callTo('other.eu.qlikcloud.com');

describe('QlikCircuits', () => {
  let circuits: QlikCircuits;
  let logged: unknown[][];
  beforeEach(() => {
    jest.useFakeTimers();
    logged = [];
    const log = (...line: unknown[]) => void logged.push(line);
    circuits = new QlikCircuits(OPEN_MS, { warn: log, info: log }, () => 0);
  });
  afterEach(() => void jest.useRealTimers());

  const answer = (call = acme) => circuits.run(call, () => Promise.resolve('answer'));
  const fail = (call = acme, code: QlikErrorCode = 'QLIK_TIMEOUT', more: Partial<QlikErrorFacts> = {}) =>
    caught(circuits.run(call, () => Promise.reject(new QlikError(code, { ...call, ...more }))));
  const failOften = async (times: number, call = acme) => {
    for (let time = 0; time < times; time += 1) await fail(call);
  };
  const refusal = (call = acme) => caught(Promise.resolve().then(() => circuits.check(call)));
  const isOpen = async (call = acme) => (await answer(call).catch((error: QlikError) => error.code)) !== 'answer';

  it('opens after five failures in a row, and then makes no call', async () => {
    await failOften(TENANT_FAILURES - 1);
    expect(await answer()).toBe('answer');
    await failOften(TENANT_FAILURES - 1);
    circuits.check(acme);
    await fail();
    const call = jest.fn(() => Promise.resolve());
    expect(await caught(circuits.run(acme, call))).toMatchObject({
      code: 'TENANT_CIRCUIT_OPEN',
      failure: 'held-back',
      retryAfterMs: OPEN_MS,
      outcomeUnknown: false,
    });
    expect(call).not.toHaveBeenCalled();
    expect(await isOpen(other)).toBe(false);
  });

  it.each<[QlikErrorCode]>([['QLIK_UNAVAILABLE'], ['QLIK_UNREACHABLE'], ['QLIK_TIMEOUT']])(
    'counts %s',
    async (code) => {
      await failOften(TENANT_FAILURES - 1);
      await fail(acme, code);
      expect(await isOpen()).toBe(true);
    },
  );

  it.each<[QlikErrorCode, Partial<QlikErrorFacts>]>([
    ['CALL_ABORTED', {}],
    ['TENANT_NOT_FOUND', { failure: 'unavailable' }],
    ['ADDRESS_NOT_ALLOWED', {}],
  ])('takes %s for no sign of anything', async (code, more) => {
    await failOften(TENANT_FAILURES - 1);
    await fail(acme, code, more);
    circuits.check(acme);
    await fail();
    expect(await isOpen()).toBe(true);
  });

  it('takes an error that is not of the call for no sign of anything', async () => {
    await failOften(TENANT_FAILURES - 1);
    await expect(circuits.run(acme, () => Promise.reject(new Error('lease lost')))).rejects.toThrow('lease lost');
    circuits.check(acme);
    await fail();
    expect(await isOpen()).toBe(true);
  });

  it.each<[QlikErrorCode]>([['QLIK_REFUSED'], ['PARENT_REFUSED'], ['QLIK_RATE_LIMITED'], ['QLIK_UNREADABLE']])(
    'takes %s for an answer',
    async (code) => {
      await failOften(TENANT_FAILURES - 1);
      await fail(acme, code);
      await failOften(TENANT_FAILURES - 1);
      expect(await isOpen()).toBe(false);
    },
  );

  it('lets one call try it after its time, and closes when that is answered', async () => {
    await failOften(TENANT_FAILURES);
    await jest.advanceTimersByTimeAsync(OPEN_MS - 1);
    expect(await refusal()).toMatchObject({ code: 'TENANT_CIRCUIT_OPEN' });
    await jest.advanceTimersByTimeAsync(1);
    let answerTrial: (answer: string) => void = () => undefined;
    const trying = circuits.run(acme, () => new Promise<string>((resolve) => (answerTrial = resolve)));
    expect(await refusal()).toMatchObject({ code: 'TENANT_CIRCUIT_OPEN', retryAfterMs: OPEN_MS / 10 });
    answerTrial('back');
    expect(await trying).toBe('back');
    expect(await isOpen()).toBe(false);
  });

  it('closes as well when the answer to the trial is a refusal', async () => {
    await failOften(TENANT_FAILURES);
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    await fail(acme, 'QLIK_REFUSED');
    expect(await isOpen()).toBe(false);
  });

  it('stays open for another while when the trial fails', async () => {
    await failOften(TENANT_FAILURES);
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    await fail();
    expect(await refusal()).toMatchObject({ retryAfterMs: OPEN_MS });
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    circuits.check(acme);
  });

  it.each<[string, Error]>([
    ['CALL_ABORTED', new QlikError('CALL_ABORTED', acme)],
    ['TENANT_NOT_FOUND', new QlikError('TENANT_NOT_FOUND', { ...acme, failure: 'unavailable' })],
    ['ADDRESS_NOT_ALLOWED', new QlikError('ADDRESS_NOT_ALLOWED', acme)],
    ['an error before the call', new Error('the intent could not be committed')],
  ])('lets another call try it a second later when the trial asked nobody: %s', async (_name, error) => {
    await failOften(TENANT_FAILURES);
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    for (let trial = 0; trial < 3; trial += 1) {
      await expect(circuits.run(acme, () => Promise.reject(error))).rejects.toBe(error);
      expect(await refusal()).toMatchObject({ code: 'TENANT_CIRCUIT_OPEN' });
      await jest.advanceTimersByTimeAsync(999);
      expect(await refusal()).toMatchObject({ code: 'TENANT_CIRCUIT_OPEN' });
      await jest.advanceTimersByTimeAsync(1);
    }
    expect(logged).toHaveLength(1);
    await fail();
    expect(await refusal()).toMatchObject({ retryAfterMs: OPEN_MS });
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    expect(await answer()).toBe('answer');
  });

  it('opens a region again a second after its trial asked nobody', async () => {
    for (let index = 0; index < REGION_TENANTS; index += 1) await fail(callTo(`t${index}.eu.qlikcloud.com`));
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    await fail(other, 'CALL_ABORTED');
    expect(await refusal()).toMatchObject({ code: 'REGION_CIRCUIT_OPEN' });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await answer()).toBe('answer');
    expect(await answer(other)).toBe('answer');
  });

  it('leaves the trial to its end when a call from before ends with nothing learned', async () => {
    let abort: () => void = () => undefined;
    const early = caught(
      circuits.run(
        acme,
        () => new Promise((_resolve, reject) => (abort = () => reject(new QlikError('CALL_ABORTED', acme)))),
      ),
    );
    await failOften(TENANT_FAILURES);
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    let answerTrial: (answer: string) => void = () => undefined;
    const trying = circuits.run(acme, () => new Promise<string>((resolve) => (answerTrial = resolve)));
    abort();
    await early;
    answerTrial('back');
    await trying;
    expect(await isOpen()).toBe(false);
  });

  it.each([-3_600_000, 3_600_000])('opens for its time when the clock is set by %i ms meanwhile', async (byMs) => {
    await failOften(TENANT_FAILURES);
    jest.setSystemTime(Date.now() + byMs);
    expect(await refusal()).toMatchObject({ retryAfterMs: OPEN_MS });
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    expect(await answer()).toBe('answer');
  });

  it('lets every trial be one real try, so that a tenant that is down for good spends its attempts', async () => {
    await failOften(TENANT_FAILURES);
    for (let trial = 0; trial < 3; trial += 1) {
      await jest.advanceTimersByTimeAsync(OPEN_MS);
      expect(await fail()).toMatchObject({ code: 'QLIK_TIMEOUT', failure: 'unavailable' });
    }
  });

  it('spreads those who wait', async () => {
    circuits = new QlikCircuits(OPEN_MS, { warn: () => undefined, info: () => undefined }, () => 0.9);
    await failOften(TENANT_FAILURES);
    expect(await refusal()).toMatchObject({ retryAfterMs: OPEN_MS * 1.3 });
  });

  it('never shuts a region for one tenant, however often it fails', async () => {
    for (let trial = 0; trial < 20; trial += 1) {
      await failOften(TENANT_FAILURES);
      await jest.advanceTimersByTimeAsync(OPEN_MS);
    }
    expect(await isOpen(other)).toBe(false);
  });

  it('shuts a region when five of its tenants fail and none answers, and no other', async () => {
    const tenants = Array.from({ length: REGION_TENANTS }, (_, index) => callTo(`t${index}.eu.qlikcloud.com`));
    for (const call of tenants.slice(1)) await fail(call);
    await answer(other);
    for (const call of tenants.slice(0, -1)) await fail(call);
    circuits.check(other);
    await fail(tenants.at(-1));
    expect(await refusal(other)).toMatchObject({ code: 'REGION_CIRCUIT_OPEN', retryAfterMs: OPEN_MS });
    expect(await isOpen(callTo('acme.us.qlikcloud.com'))).toBe(false);
    expect(logged).toEqual([
      [{ region: 'eu', openMs: OPEN_MS }, 'Tenants of a region do not answer; calls to the region pause.'],
    ]);
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    expect(await answer(other)).toBe('answer');
    for (const call of tenants) expect(await isOpen(call)).toBe(false);
  });

  it('says once when a tenant is left alone, and once when it answers again', async () => {
    await failOften(TENANT_FAILURES);
    await refusal();
    await jest.advanceTimersByTimeAsync(OPEN_MS);
    await answer();
    expect(logged).toEqual([
      [{ tenantHost: acme.host, openMs: OPEN_MS }, 'A tenant does not answer; calls to it pause.'],
      [{ tenantHost: acme.host }, 'A tenant answers again.'],
    ]);
  });

  it('remembers nothing of tenants that answer', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => answer(callTo(`t${index}.eu.qlikcloud.com`))));
    expect(circuits.size).toBe(0);
  });

  it('forgets tenants that failed and were not called any more', async () => {
    for (let index = 0; index < 4; index += 1) await fail(callTo(`t${index}.eu.qlikcloud.com`));
    expect(circuits.size).toBe(4 + 1);
    await jest.advanceTimersByTimeAsync(10 * 60_000);
    await answer();
    expect(circuits.size).toBe(0);
  });
});
