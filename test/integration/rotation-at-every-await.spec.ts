import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { CustomerChangesService, CustomersService, RotationsService } from '@app/customers';
import { RunRunner } from '@app/runs';
import { VerifySecretStep } from '../../libs/provisioning/src/rotation/verify-secret.step.js';
import { addForeignSecret } from '../foreign-secret.js';
import { type Death, Life } from '../mortal-process.js';
import { describeDeath, MortalWorkers, type Onboarding } from '../mortal-workers.js';

let workers: MortalWorkers;

beforeAll(async () => {
  workers = await MortalWorkers.start({ ROTATION_GRACE_SECONDS: '0.4', ROTATION_ACKNOWLEDGEMENT: 'none' });
});
afterAll(() => workers.close());

interface Rotation extends Onboarding {
  rotationId: string;
  /** Of a secret that a person made at Qlik. */
  foreignHint: string;
}

const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
const caller = { id: 'test', actor: 'operator:ann' };

/** A customer that is ready, with a secret at Qlik that is not ours, and whose rotation was asked for. */
async function begin(mode: 'graceful' | 'emergency' = 'graceful'): Promise<Rotation> {
  const onboarding = await workers.accept();
  await workers.deliver(workers.healthy, onboarding.runId);
  const foreignHint = await addForeignSecret(workers.sandbox.url, onboarding.tenantHost);
  const rotations = workers.healthy.get(RotationsService, { strict: false });
  const run = await rotations.start(onboarding.customerId, { mode, reason: 'the test' }, caller, trace);
  return { ...onboarding, rotationId: run.id, foreignHint };
}

/** Everything that must hold of a rotation in the end, whatever happened on the way. */
async function outcomeOf(rotation: Rotation) {
  const { client } = workers.test.database;
  const { customerId, rotationId, tenantHost, foreignHint } = rotation;
  const { clients }: { clients: [{ hints: string[] }] } = await workers.stateOf(tenantHost);
  const run = await client.run.findUniqueOrThrow({ where: { id: rotationId } });
  const versions = await client.secretVersion.findMany({ where: { customerId }, orderBy: { version: 'asc' } });
  const customer = await client.customer.findUniqueOrThrow({ where: { id: customerId } });
  const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 200 });
  const actions = events.map(({ action }) => action);
  const current = versions.find(({ state }) => state === 'current');
  const others = clients[0].hints.filter((hint) => hint !== current?.hint);
  return {
    run: run.state,
    error: run.error,
    customer: customer.state,
    isScheduled: customer.nextRotationAt !== null,
    versions: versions.map(({ state, sealed }) => `${state}${sealed === null ? '' : ', kept'}`),
    foreignAtQlik: others.length === 1 && others[0] === foreignHint,
    secret: await workers.useStoredSecret(rotation),
    auditIntact: (await new AuditVerification(workers.test.database).verify(customerId)).intact,
    toldOnce: ['rotation.requested', 'secret.retired', 'run.succeeded'].map(
      (action) => events.filter((event) => event.action === action && event.subject['runId'] === rotationId).length,
    ),
    promoted: actions.filter((action) => action === 'secret.promoted').length,
  };
}

const well = {
  run: 'succeeded',
  error: null,
  customer: 'ready',
  isScheduled: true,
  versions: ['revoked', 'current, kept'],
  foreignAtQlik: true,
  secret: 'works',
  auditIntact: true,
  toldOnce: [1, 1, 1],
  promoted: 2,
};

const paths: Record<string, { mode: 'graceful' | 'emergency'; faults: readonly object[] }> = {
  'a rotation': { mode: 'graceful', faults: [] },
  'a rotation whose new secret was lost': {
    mode: 'graceful',
    faults: [{ kind: 'reset-after', operation: 'secret-create' }],
  },
  'an emergency': { mode: 'emergency', faults: [] },
};

describe('a process that dies at any await of a rotation', () => {
  it.each(Object.keys(paths))(
    'leaves one working secret and nothing foreign touched: %s',
    async (path) => {
      const { mode, faults } = paths[path]!;
      const whole = await begin(mode);
      await workers.lose(whole.tenantHost, faults);
      const life = new Life();
      await workers.deliver(workers.doomed, whole.rotationId, life);
      expect(await outcomeOf(whole)).toEqual(well);
      expect(life.awaited).toContain('create-client-secret at Qlik');
      expect(life.awaited).toContain('delete-client-secret at Qlik');

      const deaths = life.awaited.map((_what, index): Death => ({ at: index + 1, when: 'after' }));
      const died = await Promise.all(
        deaths.map(async (death) => {
          const rotation = await begin(mode);
          await workers.lose(rotation.tenantHost, faults);
          return {
            ...rotation,
            died: describeDeath(await workers.die(rotation.rotationId, death, { mayOutlive: true }), death),
          };
        }),
      );
      await Promise.all(died.map(({ rotationId }) => workers.deliver(workers.healthy, rotationId)));
      const ends = await Promise.all(
        died.map(async (one) => ({ died: one.died, outcome: await workers.withRoom(() => outcomeOf(one)) })),
      );
      expect(ends.length).toBeGreaterThan(20);
      expect(ends.filter(({ outcome }) => !isDeepStrictEqual(outcome, well))).toEqual([]);
    },
    120_000,
  );
});

describe('a rotation that is cancelled before its secret is current', () => {
  /** A rotation that was cancelled at `verify`, its mint having met these faults. */
  async function cancelled(faults: readonly object[] = []): Promise<Rotation> {
    const rotation = await begin();
    await workers.lose(rotation.tenantHost, [...faults, { kind: 'status', status: 403, operation: 'token' }]);
    await workers.deliver(workers.healthy, rotation.rotationId);
    const { state, step, revision } = await workers.test.database.client.run.findUniqueOrThrow({
      where: { id: rotation.rotationId },
    });
    expect([state, step]).toEqual(['needs_attention', 'verify']);
    const change = { revision, reason: 'by mistake', actor: 'test', requestId: 'request-2' };
    await workers.healthy.get(CustomersService, { strict: false }).cancelRun(rotation.rotationId, change);
    return rotation;
  }

  it.each<[string, readonly object[]]>([
    ['', []],
    [', with what a lost answer made', [{ kind: 'reset-after', operation: 'secret-create' }]],
  ])('and that cannot be taken back at once: an emergency still happens%s', async (_what, faults) => {
    const rotation = await cancelled(faults);
    const { customerId, rotationId, tenantHost } = rotation;
    await workers.lose(tenantHost, [{ kind: 'status', status: 503, operation: 'secret-delete' }]);
    await workers.workUntilCalled('secret-delete', rotationId, tenantHost);
    const emergency = { mode: 'emergency', reason: 'It leaked.' } as const;
    const run = await workers.healthy
      .get(RotationsService, { strict: false })
      .start(customerId, emergency, caller, trace);
    expect(run.id).toBe(rotationId);
    await workers.deliver(workers.healthy, rotationId);
    expect(await outcomeOf(rotation)).toEqual({ ...well, versions: ['revoked', 'revoked', 'current, kept'] });
  });

  it('takes back what it minted, and the old secret stays', async () => {
    const rotation = await cancelled();
    await workers.deliver(workers.healthy, rotation.rotationId);
    expect(await outcomeOf(rotation)).toMatchObject({
      run: 'cancelled',
      versions: ['current, kept', 'revoked'],
      foreignAtQlik: true,
      secret: 'works',
      isScheduled: true,
    });
  });
});

describe('a rotation policy that changes while a worker is at the rotation', () => {
  it('dates the next rotation, says how long the old secret stays, and gives the rotation the time for it', async () => {
    const { customerId, rotationId } = await begin();
    const { client } = workers.test.database;
    // As after a long pause.
    await client.run.update({ where: { id: rotationId }, data: { deadlineAt: new Date(Date.now() + 60_000) } });
    const verify = workers.healthy.get(VerifySecretStep, { strict: false });
    const run = verify.run.bind(verify);
    const rotation = {
      intervalSeconds: 7_200,
      jitterSeconds: 0,
      graceSeconds: 3_600,
      acknowledgement: 'none',
    } as const;
    jest.spyOn(verify, 'run').mockImplementationOnce(async (context) => {
      await workers.healthy
        .get(CustomerChangesService, { strict: false })
        .change(customerId, { rotation }, caller, trace);
      return run(context);
    });
    const result = await workers.healthy.get(RunRunner, { strict: false }).execute(rotationId);
    expect(result.kind === 'wait' && result.forMs).toBeGreaterThan(3_500_000);
    expect(await client.run.findUnique({ where: { id: rotationId } })).toMatchObject({
      state: 'waiting',
      step: 'grace',
    });
    const { promotedAt } = await client.secretVersion.findFirstOrThrow({ where: { customerId, state: 'current' } });
    const { nextRotationAt } = await client.customer.findUniqueOrThrow({ where: { id: customerId } });
    expect(Math.abs(nextRotationAt!.getTime() - promotedAt!.getTime() - 7_200_000)).toBeLessThan(5_000);
  });
});
