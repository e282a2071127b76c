import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { Stack } from '../stack.js';

interface Credentials {
  tenantHost: string;
  clientId: string;
  clientSecret: string;
  version: number;
  rotatesAt: string | null;
}

/** A rotation that stays in its grace until somebody does something about it. */
const LONG_GRACE = { graceSeconds: 3_600 };

/** One whose grace is over at once, so that nothing but the acknowledgement is waited for. */
const NO_GRACE = { graceSeconds: 0 };

describe('rotation', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start({ env: { ROTATION_GRACE_SECONDS: '0.5' } });
  });

  afterAll(() => stack.close());

  /** A customer of this name that is ready. */
  async function ready(name: string, rotation: object = {}): Promise<string> {
    const { customerId, runId } = await stack.onboard(name, { rotation });
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
    return customerId;
  }

  const start = (customerId: string, body: object = {}) =>
    stack.call('POST', `/v1/customers/${customerId}/rotations`, { body: { reason: 'a test', ...body } });

  const rollBack = (customerId: string) =>
    stack.call('POST', `/v1/customers/${customerId}/rotations/rollback`, { body: { reason: 'it broke something' } });

  const acknowledge = (customerId: string, version: number) =>
    stack.call('POST', `/v1/customers/${customerId}/credentials/acknowledgements`, { body: { version } });

  /** Begins a rotation, which must be accepted, and returns the id of its run. */
  async function rotate(customerId: string, body: object = {}): Promise<string> {
    const { status, body: run } = await start(customerId, body);
    expect({ status, run }).toMatchObject({ status: 202, run: { plan: 'rotation' } });
    return run.id;
  }

  /** Begins a rotation and returns the id of its run once it waits in its grace. */
  async function rotateIntoGrace(customerId: string): Promise<string> {
    const runId = await rotate(customerId);
    await inGrace(runId);
    return runId;
  }

  const inGrace = (runId: string) => stack.runWhen(runId, (run) => run.step === 'grace' && run.state === 'waiting');

  async function read(customerId: string): Promise<Credentials> {
    const { status, body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
    expect({ status, code: body.code }).toEqual({ status: 200, code: undefined });
    return body;
  }

  const get = async (customerId: string) => (await stack.call('GET', `/v1/customers/${customerId}`)).body;

  /** The customer's secret versions, newest first. */
  const versions = async (customerId: string) =>
    (await stack.call('GET', `/v1/customers/${customerId}/secret-versions`)).body.secretVersions;

  const actions = async (customerId: string): Promise<string[]> => {
    const { body } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=100`);
    return body.events.map(({ action }: { action: string }) => action);
  };

  /** Whether Qlik's token endpoint takes the secret. */
  async function works({ tenantHost, clientId, clientSecret }: Credentials): Promise<boolean> {
    const { statusCode, body } = await request(new URL('/oauth/token', stack.sandbox.url), {
      method: 'POST',
      headers: { host: tenantHost, 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'client_credentials',
      }),
    });
    await body.dump();
    expect([200, 400, 401]).toContain(statusCode);
    return statusCode === 200;
  }

  const hintsAtQlik = async (name: string): Promise<number> => (await stack.state(name)).clients[0].hints.length;

  const change = async (runId: string, what: 'retry' | 'cancel') => {
    const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
    const options = { headers: { 'if-match': String(headers.etag) }, body: { reason: 'a test' } };
    return stack.call('POST', `/v1/runs/${runId}/${what}`, options);
  };

  /** Holds every rotation where it is while `work` goes on. */
  async function whilePaused<T>(work: () => Promise<T>): Promise<T> {
    const { body: pause } = await stack.call('POST', '/v1/pauses', { body: { plan: 'rotation', reason: 'a test' } });
    try {
      return await work();
    } finally {
      await stack.call('DELETE', `/v1/pauses/${pause.id}`);
    }
  }

  describe('that is graceful', () => {
    it('gives out a new secret, and deletes the old one after a grace that begins with the first read', async () => {
      const customerId = await ready('acme');
      const old = await read(customerId);
      const answer = await start(customerId, { reason: 'the yearly audit' });
      expect(answer).toMatchObject({
        status: 202,
        body: { plan: 'rotation', customerId, input: { mode: 'graceful' }, reason: 'the yearly audit' },
      });
      const runId = answer.body.id;
      expect(answer.headers.location).toBe(`/v1/runs/${runId}`);
      expect((await get(customerId)).currentRunId).toBe(runId);

      await inGrace(runId);
      expect([await works(old), (await versions(customerId))[1].state]).toEqual([true, 'previous']);
      const fresh = await read(customerId);
      expect(fresh).toMatchObject({ version: 2, clientId: old.clientId });
      expect(fresh.clientSecret).not.toBe(old.clientSecret);

      const run = await stack.runEnd(runId);
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      expect(run.steps.map((step: any) => [step.name, step.state])).toEqual(
        ['mint', 'verify', 'promote', 'grace', 'retire', 'prove-revoked'].map((name) => [name, 'succeeded']),
      );
      expect([await works(fresh), await works(old), await hintsAtQlik('acme')]).toEqual([true, false, 1]);
      const [current, former] = await versions(customerId);
      expect(current).toMatchObject({ version: 2, state: 'current', firstReadAt: expect.any(String), revokedAt: null });
      expect(former).toMatchObject({ version: 1, state: 'revoked', retiredAt: expect.any(String) });
      expect(Date.parse(former.retiredAt)).toBeGreaterThanOrEqual(Date.parse(current.firstReadAt) + 500);
    });

    it('tells how old the secret is and when it is replaced next', async () => {
      const customerId = await ready('dated', { intervalSeconds: 86_400, jitterSeconds: 0 });
      const first = await get(customerId);
      expect(first.currentSecret.version).toBe(1);
      expect(Date.parse(first.rotatesAt) - Date.parse(first.currentSecret.activeSince)).toBeCloseTo(86_400_000, -5);
      await whilePaused(async () => {
        await rotate(customerId);
        expect(await get(customerId)).toMatchObject({ rotatesAt: null, currentSecret: { version: 1 } });
      });
      await stack.runEnd((await get(customerId)).currentRunId);
      const { currentSecret, rotatesAt } = await get(customerId);
      expect(currentSecret).toEqual({ version: 2, activeSince: (await versions(customerId))[0].promotedAt });
      expect(rotatesAt > first.rotatesAt).toBe(true);
      expect((await read(customerId)).rotatesAt).toBe(rotatesAt);
    });

    it('waits for no read where the credentials were never read', async () => {
      const customerId = await ready('brokered');
      expect(await stack.runEnd(await rotate(customerId))).toMatchObject({ state: 'succeeded' });
      expect(await versions(customerId)).toMatchObject([
        { version: 2, state: 'current', firstReadAt: null },
        { version: 1, state: 'revoked' },
      ]);
    });

    it('takes no 304 for a read', async () => {
      const customerId = await ready('polling', NO_GRACE);
      const old = await read(customerId);
      const runId = await rotateIntoGrace(customerId);
      const polled = await stack.call('GET', `/v1/customers/${customerId}/credentials`, {
        headers: { 'if-none-match': '"2"' },
      });
      expect(polled.status).toBe(304);
      expect((await versions(customerId))[0]).toMatchObject({ version: 2, firstReadAt: null });
      expect((await stack.call('GET', `/v1/runs/${runId}`)).body).toMatchObject({ state: 'waiting', step: 'grace' });
      expect(await works(old)).toBe(true);
      await read(customerId);
      expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
    });

    it('is refused while another one is under way, which is named', async () => {
      const customerId = await ready('twice', LONG_GRACE);
      const runId = await rotateIntoGrace(customerId);
      expect(await start(customerId)).toMatchObject({ status: 409, body: { code: 'ROTATION_ACTIVE', runId } });
    });

    it('begins once when it is asked for many times at once', async () => {
      const customerId = await ready('impatient', LONG_GRACE);
      const answers = await Promise.all(Array.from({ length: 10 }, () => start(customerId)));
      const accepted = answers.filter(({ status }) => status === 202);
      expect(accepted).toHaveLength(1);
      for (const { status, body } of answers.filter((answer) => answer !== accepted[0])) {
        expect({ status, code: body.code }).toEqual({
          status: 409,
          code: expect.stringMatching(/^(ROTATION_ACTIVE|CUSTOMER_BUSY)$/),
        });
      }
      await inGrace(accepted[0]!.body.id);
      expect(await hintsAtQlik('impatient')).toBe(2);
    });
  });

  describe('that waits for an acknowledgement by call', () => {
    const policy = { ...NO_GRACE, deadlineSeconds: 0, acknowledgement: 'call' };

    it('stops when it is overdue with the old secret alive, and goes on by itself once it comes', async () => {
      const customerId = await ready('slow', policy);
      const old = await read(customerId);
      const runId = await rotate(customerId);
      const overdue = { state: 'needs_attention', step: 'grace', error: { code: 'ACKNOWLEDGEMENT_OVERDUE' } };
      expect(await stack.runEnd(runId)).toMatchObject(overdue);
      expect(await works(old)).toBe(true);

      const fresh = await read(customerId);
      expect(await stack.runEnd(runId)).toMatchObject(overdue);
      expect(await acknowledge(customerId, 1)).toMatchObject({
        status: 409,
        body: { code: 'VERSION_NOT_CURRENT', version: 2 },
      });

      expect(await acknowledge(customerId, 2)).toMatchObject({ status: 204, body: undefined });
      expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded', error: null });
      expect([await works(fresh), await works(old)]).toEqual([true, false]);
      expect((await acknowledge(customerId, 2)).status).toBe(204);
      expect((await versions(customerId))[0]).toMatchObject({ version: 2, acknowledgedAt: expect.any(String) });
      const told = await actions(customerId);
      expect(told).toContain('acknowledgement.overdue');
      expect(told.filter((action) => action === 'acknowledgement.received')).toHaveLength(1);
    });

    it('deletes the old secret at the deadline all the same where the policy says so', async () => {
      const customerId = await ready('forced', { ...policy, force: true });
      const old = await read(customerId);
      expect(await stack.runEnd(await rotate(customerId))).toMatchObject({ state: 'succeeded' });
      expect([await works(await read(customerId)), await works(old)]).toEqual([true, false]);
      expect(await actions(customerId)).toContain('acknowledgement.overdue');
    });

    it('keeps its grace though the acknowledgement came at once', async () => {
      const customerId = await ready('eager', { ...LONG_GRACE, acknowledgement: 'call' });
      const old = await read(customerId);
      const runId = await rotateIntoGrace(customerId);
      expect((await acknowledge(customerId, 2)).status).toBe(204);
      await inGrace(runId);
      expect(await works(old)).toBe(true);
    });
  });

  describe('that is rolled back', () => {
    it('gives out the old secret again, as a new version', async () => {
      const customerId = await ready('regret', LONG_GRACE);
      const old = await read(customerId);
      const runId = await rotateIntoGrace(customerId);
      const rejected = await read(customerId);
      const answer = await rollBack(customerId);
      expect(answer).toMatchObject({
        status: 202,
        body: { plan: 'rotation', input: { mode: 'rollback' }, reason: 'it broke something' },
      });
      expect(answer.headers.location).toBe(`/v1/runs/${answer.body.id}`);
      expect((await stack.call('GET', `/v1/runs/${runId}`)).body).toMatchObject({
        state: 'cancelled',
        error: { code: 'SUPERSEDED' },
      });

      await inGrace(answer.body.id);
      const restored = await read(customerId);
      expect(restored).toMatchObject({ version: 3, clientSecret: old.clientSecret });
      expect([await works(restored), await works(rejected)]).toEqual([true, true]);
      expect(await versions(customerId)).toMatchObject([
        { version: 3, state: 'current' },
        { version: 2, state: 'previous' },
        { version: 1, state: 'revoked', retiredAt: null },
      ]);
      expect(await actions(customerId)).toContain('secret.rolled_back');
    });

    it('goes on to delete the rejected secret by the same rules', async () => {
      const customerId = await ready('settled', { ...NO_GRACE, acknowledgement: 'call' });
      await read(customerId);
      const runId = await rotateIntoGrace(customerId);
      const rejected = await read(customerId);
      const { body } = await rollBack(customerId);
      await inGrace(body.id);
      const restored = await read(customerId);
      expect(await works(rejected)).toBe(true);
      expect((await acknowledge(customerId, restored.version)).status).toBe(204);
      expect(await stack.runEnd(body.id)).toMatchObject({ state: 'succeeded' });
      expect(await stack.runEnd(runId)).toMatchObject({ state: 'cancelled' });
      expect([await works(restored), await works(rejected), await hintsAtQlik('settled')]).toEqual([true, false, 1]);
    });

    it('may be so because nobody came to use it', async () => {
      const customerId = await ready('unused', { ...NO_GRACE, deadlineSeconds: 0 });
      const old = await read(customerId);
      const runId = await rotate(customerId);
      expect(await stack.runEnd(runId)).toMatchObject({ error: { code: 'ACKNOWLEDGEMENT_OVERDUE' } });
      expect((await rollBack(customerId)).status).toBe(202);
      expect(await stack.runEnd(runId)).toMatchObject({ state: 'cancelled', error: { code: 'SUPERSEDED' } });
      await stack.runWhen((await get(customerId)).currentRunId, (run) => run.steps[2]?.state === 'succeeded');
      expect(await read(customerId)).toMatchObject({ version: 3, clientSecret: old.clientSecret });
    });

    it('is refused where nothing is in its grace', async () => {
      const customerId = await ready('nothing');
      const refused = { status: 409, body: { code: 'NOTHING_TO_ROLL_BACK' } };
      expect(await rollBack(customerId)).toMatchObject(refused);
      await stack.runEnd(await rotate(customerId));
      expect(await rollBack(customerId)).toMatchObject(refused);
      expect(await hintsAtQlik('nothing')).toBe(1);
    });

    it('cannot be cancelled instead, once its secret is current', async () => {
      const customerId = await ready('too-late', LONG_GRACE);
      const runId = await rotateIntoGrace(customerId);
      expect(await change(runId, 'cancel')).toMatchObject({ status: 409, body: { code: 'ROTATION_PROMOTED', runId } });
    });
  });

  describe('that is an emergency', () => {
    it('takes the place of one in its grace, and leaves no other secret alive', async () => {
      const customerId = await ready('leaked', LONG_GRACE);
      const first = await read(customerId);
      const graceful = await rotateIntoGrace(customerId);
      const second = await read(customerId);
      const { status, body } = await start(customerId, { mode: 'emergency', reason: 'it was found in a log' });
      expect({ status, body }).toMatchObject({ status: 202, body: { input: { mode: 'emergency' } } });
      expect(body.id).not.toBe(graceful);
      expect(await stack.runEnd(body.id)).toMatchObject({ state: 'succeeded' });
      const replaced = await stack.runEnd(graceful);
      expect(replaced).toMatchObject({ state: 'cancelled', error: { code: 'SUPERSEDED' } });
      expect(replaced.error.message).toContain(body.id);
      const third = await read(customerId);
      expect(third.version).toBe(3);
      expect([await works(third), await works(second), await works(first)]).toEqual([true, false, false]);
      expect(await hintsAtQlik('leaked')).toBe(1);
      expect((await versions(customerId)).map(({ state }: any) => state)).toEqual(['current', 'revoked', 'revoked']);
      expect(await actions(customerId)).toContain('run.superseded');
    });

    it('is one though it is asked for many times at once', async () => {
      const customerId = await ready('alarmed');
      const runs = await whilePaused(async () => {
        const answers = await Promise.all(Array.from({ length: 5 }, () => start(customerId, { mode: 'emergency' })));
        expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
        return new Set(answers.map(({ body }) => body.id as string));
      });
      expect(runs.size).toBe(1);
      for (const runId of runs) expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
      expect(await hintsAtQlik('alarmed')).toBe(1);
    });

    it('leaves no other run behind that began at the same moment', async () => {
      const customerId = await ready('crossed');
      const answers = await Promise.all([start(customerId), start(customerId, { mode: 'emergency' })]);
      for (const { status, body } of answers) {
        if (status === 202) expect(['succeeded', 'cancelled']).toContain((await stack.runEnd(body.id)).state);
      }
      expect(answers[1].status).toBe(202);
    });

    it('cannot be undone by a retry of the one whose place it took', async () => {
      const customerId = await ready('again', { graceSeconds: 60 });
      const runId = await rotateIntoGrace(customerId);
      await stack.runEnd((await start(customerId, { mode: 'emergency' })).body.id);
      expect(await change(runId, 'retry')).toMatchObject({ status: 409, body: { code: 'RUN_SUPERSEDED' } });
    });

    it('is what a rotation becomes that has not made its secret current yet', async () => {
      const customerId = await ready('escalated', LONG_GRACE);
      const old = await read(customerId);
      const runId = await whilePaused(async () => {
        const held = await rotate(customerId);
        expect(await start(customerId)).toMatchObject({ status: 409, body: { code: 'ROTATION_ACTIVE', runId: held } });
        expect(await start(customerId, { mode: 'emergency' })).toMatchObject({
          status: 202,
          body: { id: held, input: { mode: 'emergency' } },
        });
        return held;
      });
      expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded', input: { mode: 'emergency' } });
      expect([await works(old), await hintsAtQlik('escalated')]).toEqual([false, 1]);
      expect(await actions(customerId)).toContain('rotation.escalated');
    });
  });

  it('that is cancelled before its secret is current leaves the secret as it was', async () => {
    const customerId = await ready('cancelled');
    const old = await read(customerId);
    const runId = await whilePaused(async () => {
      const held = await rotate(customerId);
      expect((await change(held, 'cancel')).status).toBe(202);
      return held;
    });
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'cancelled' });
    expect(await works(old)).toBe(true);
    expect(await versions(customerId)).toMatchObject([{ version: 1, state: 'current' }]);
    const { rotatesAt } = await get(customerId);
    expect(rotatesAt).not.toBeNull();
    const next = await rotateIntoGrace(customerId);
    expect(await change(runId, 'retry')).toMatchObject({ status: 409, body: { code: 'ROTATION_ACTIVE', runId: next } });
  });

  it('leaves every chain of the audit trail intact', async () => {
    const { body } = await stack.call('GET', '/v1/customers?limit=100');
    expect(body.customers.length).toBeGreaterThan(10);
    for (const { id } of body.customers) {
      const { body: verdict } = await stack.call('GET', `/v1/audit-events/verification?customerId=${id}`);
      expect(verdict).toMatchObject({ chain: id, intact: true });
    }
  });
});
