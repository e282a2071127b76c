import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { CustomersService } from '@app/customers';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { MortalWorkers, type Onboarding, parent } from '../mortal-workers.js';

let workers: MortalWorkers;

beforeAll(async () => {
  workers = await MortalWorkers.start();
});
afterAll(() => workers.close());

const limited = { kind: 'rate-limit', retryAfter: 1, operation: 'secret-create' };
const lost = { kind: 'reset-after', operation: 'secret-create' };

/** A customer that was signed up with a client of a script's, which goes on to mint secrets with the same parent client. */
async function acceptScripted(faults: readonly object[]) {
  let tenant: TenantClient;
  let clientId = '';
  const onboarding = await workers.accept(async (tenantHost) => {
    tenant = await TenantClient.connect(workers.sandbox.url, tenantHost, parent.clientId, parent.clientSecret);
    clientId = (await tenant.create({ clientName: 'portal' })).clientId;
    return { clientId };
  });
  // Signed up long ago: nothing of the script's is waited for.
  await workers.test.database.sql.$executeRaw`
    UPDATE existing_clients SET created_at = created_at - interval '1 hour' WHERE customer_id = ${onboarding.customerId}::uuid`;
  await workers.lose(onboarding.tenantHost, faults);
  const mint = async (): Promise<string> => (await tenant.api('POST', `/${clientId}/client-secrets`)).body.hint;
  return { ...onboarding, mint };
}

const hintsOf = async ({ tenantHost }: Onboarding): Promise<string[]> =>
  (await workers.stateOf(tenantHost)).clients[0].hints;

const readRun = ({ runId }: Onboarding) => workers.test.database.client.run.findUniqueOrThrow({ where: { id: runId } });

async function toldOf({ customerId }: Onboarding, action: string) {
  const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 100 });
  return events.filter((event) => event.action === action).map(({ data }) => data);
}

describe('mints that Qlik refuses', () => {
  it('are not taken for lost: a script’s secret stays when one answer was lost', async () => {
    const onboarding = await acceptScripted([lost]);
    await workers.workUntilCalled('secret-create', onboarding.runId, onboarding.tenantHost);
    const hint = await onboarding.mint();
    await workers.lose(onboarding.tenantHost, [limited, limited]);
    const before = await hintsOf(onboarding);
    await workers.deliver(workers.healthy, onboarding.runId);
    expect(await readRun(onboarding)).toMatchObject({ state: 'succeeded' });
    // Which of the two is the lost one cannot be told.
    expect(before).toContain(hint);
    expect(await hintsOf(onboarding)).toEqual([...before, expect.any(String)]);
    expect(await toldOf(onboarding, 'secret.revoked')).toEqual([]);
  }, 60_000);

  it('are not taken for lost: a script’s secret stays when the enrolment is taken back', async () => {
    const unauthorised = { kind: 'status', status: 401, operation: 'secret-create' };
    const forbidden = { kind: 'status', status: 403, operation: 'config-patch' };
    const onboarding = await acceptScripted([unauthorised, forbidden]);
    await workers.deliver(workers.healthy, onboarding.runId);
    const { state, revision } = await readRun(onboarding);
    expect(state).toBe('needs_attention');
    const hint = await onboarding.mint();
    const [first, ours] = await hintsOf(onboarding);
    const change = { revision, reason: 'by mistake', actor: 'test', requestId: onboarding.runId };
    await workers.healthy.get(CustomersService, { strict: false }).cancelRun(onboarding.runId, change);
    await workers.deliver(workers.healthy, onboarding.runId);
    expect(ours).not.toBe(hint);
    expect(await hintsOf(onboarding)).toEqual([first, hint]);
    expect(await toldOf(onboarding, 'secret.unrecognised')).toContainEqual({ count: 1 });
  }, 60_000);

  it('are no tries: a client is adopted, however often Qlik has it wait', async () => {
    const onboarding = await workers.accept();
    const faults = [{ kind: 'reset-after', operation: 'create' }, ...Array.from({ length: 5 }, () => limited)];
    await workers.lose(onboarding.tenantHost, faults);
    await workers.deliver(workers.healthy, onboarding.runId);
    expect(await readRun(onboarding)).toMatchObject({ state: 'succeeded', error: null });
    expect(await workers.useStoredSecret(onboarding)).toBe('works');
    expect(await hintsOf(onboarding)).toHaveLength(1);
  }, 60_000);
});
