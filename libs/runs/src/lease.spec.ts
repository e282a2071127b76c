import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Lease } from './lease.js';
import { LeaseLost } from './step-failure.js';

const LEASE_MS = 60_000;
const MARGIN_MS = 3_000;
let leases: Lease[];
let renewals: number;

beforeEach(() => {
  jest.useFakeTimers();
  // The fake clock replaces the global one only; the lease reads the module's.
  jest.spyOn(performance, 'now').mockImplementation(() => globalThis.performance.now());
  leases = [];
  renewals = 0;
});
afterEach(() => {
  for (const lease of leases) lease.release();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function lease(renew: () => Promise<boolean> = () => Promise.resolve(true), askedAgoMs = 0): Lease {
  const made = new Lease('run-1', LEASE_MS, performance.now() - askedAgoMs, () => {
    renewals += 1;
    return renew();
  });
  leases.push(made);
  return made;
}

const letPass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const reasonOf = ({ signal }: Lease) => (signal.aborted ? (signal.reason as LeaseLost).reason : undefined);
const never = () => new Promise<boolean>(() => undefined);
const refuse = () => Promise.reject(new Error('the database is down'));

describe('the guard', () => {
  it('lets a call pass that the lease outlasts with a margin, and no longer one', () => {
    const held = lease();
    expect(() => held.guard(LEASE_MS - MARGIN_MS)).not.toThrow();
    expect(() => held.guard(LEASE_MS - MARGIN_MS + 1)).toThrow('too short for the call');
  });

  it('says the same of what may be left', async () => {
    const held = lease(refuse);
    expect([held.outlasts(LEASE_MS - MARGIN_MS), held.outlasts(LEASE_MS - MARGIN_MS + 1)]).toEqual([true, false]);
    await letPass(LEASE_MS - MARGIN_MS - 1_000);
    expect([held.outlasts(1_000), held.outlasts(1_001)]).toEqual([true, false]);
    await letPass(2_000);
    expect(held.outlasts(0)).toBe(false);
  });

  it('counts from before the claim was sent', () => {
    const held = lease(undefined, 10_000);
    expect(() => held.guard(LEASE_MS - MARGIN_MS - 10_000)).not.toThrow();
    expect(() => held.guard(LEASE_MS - MARGIN_MS - 9_999)).toThrow(LeaseLost);
  });

  it('counts anew from before each renewal was sent', async () => {
    let answer: ((ours: boolean) => void) | undefined;
    const held = lease(() => new Promise((resolve) => (answer = resolve)));
    await letPass(25_000);
    expect(() => held.guard(LEASE_MS - MARGIN_MS - 5_000)).toThrow(LeaseLost);
    answer?.(true);
    await letPass(0);
    expect(() => held.guard(LEASE_MS - MARGIN_MS - 5_000)).not.toThrow();
    expect(() => held.guard(LEASE_MS - MARGIN_MS - 4_999)).toThrow(LeaseLost);
  });

  it('throws why the lease was lost', async () => {
    const held = lease(() => Promise.resolve(false));
    await letPass(LEASE_MS / 3);
    expect(() => held.guard(0)).toThrow('The lease on run "run-1" is taken.');
  });
});

describe('a lease', () => {
  it('is renewed every third of its length for as long as the run is ours', async () => {
    const held = lease();
    await letPass(10 * LEASE_MS);
    expect(renewals).toBe(30);
    expect(held.signal.aborted).toBe(false);
  });

  it('is lost as soon as a renewal finds the run taken, and is not renewed again', async () => {
    const held = lease(() => Promise.resolve(false));
    await letPass(LEASE_MS / 3);
    expect(reasonOf(held)).toBe('taken');
    await letPass(LEASE_MS);
    expect(renewals).toBe(1);
  });

  it('outlives a database that does not answer for a while', async () => {
    let isDown = true;
    const held = lease(() => (isDown ? refuse() : Promise.resolve(true)));
    await letPass(LEASE_MS - 7_000);
    expect(renewals).toBeGreaterThan(5);
    isDown = false;
    await letPass(LEASE_MS);
    expect(held.signal.aborted).toBe(false);
  });

  it('expires when no renewal succeeds, and says why', async () => {
    const held = lease(refuse);
    await letPass(LEASE_MS - 1);
    expect(held.signal.aborted).toBe(false);
    await letPass(1);
    expect(reasonOf(held)).toBe('expired');
    expect((held.signal.reason as LeaseLost).cause).toEqual(new Error('the database is down'));
  });

  it('expires on time though a renewal never comes back', async () => {
    const held = lease(never);
    await letPass(LEASE_MS);
    expect(reasonOf(held)).toBe('expired');
  });

  it('stays lost when an answer comes after its end', async () => {
    let answer: ((ours: boolean) => void) | undefined;
    const held = lease(() => new Promise((resolve) => (answer = resolve)));
    await letPass(LEASE_MS);
    answer?.(true);
    await letPass(LEASE_MS);
    expect(reasonOf(held)).toBe('expired');
    expect(renewals).toBe(1);
  });

  it('is not renewed after its release, nor does it expire', async () => {
    const held = lease();
    held.release();
    await letPass(2 * LEASE_MS);
    expect(renewals).toBe(0);
    expect(held.signal.aborted).toBe(false);
  });

  it.each([
    ['succeeds', () => Promise.resolve(true)],
    ['fails', refuse],
  ])('released during a renewal that %s is not renewed again', async (_how, outcome) => {
    const held = lease(() => {
      held.release();
      return outcome();
    });
    await letPass(5 * LEASE_MS);
    expect(renewals).toBe(1);
    expect(held.signal.aborted).toBe(false);
  });
});
