import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CustomersService } from '@app/customers';
import { Secret } from '@app/platform';
import { RunRunner } from '@app/runs';
import type { TestingModule } from '@nestjs/testing';
import { pino } from 'pino';
import { acceptCustomer } from '../accept-customer.js';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/start-sandbox.js';
import { createMortalWorker } from '../mortal-process.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { testVault } from '../test-vault.js';

const parent = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };
const OPEN_MS = 150;

describe('runs whose calls are held back', () => {
  let test: TestDatabase;
  let sandbox: Sandbox;
  let worker: TestingModule;

  beforeAll(async () => {
    test = await createTestDatabase();
    sandbox = await startSandbox({ port: 0, parentClients: { eu: parent, us: parent } });
    const client = { clientId: parent.clientId, clientSecret: new Secret(parent.clientSecret) };
    const qlik = {
      endpoint: sandbox.url,
      parentClients: { eu: client },
      admission: { perMinute: { read: 500, write: 50 }, circuitOpenMs: OPEN_MS, logger: pino({ level: 'silent' }) },
    };
    worker = await createMortalWorker({
      database: test.database,
      vault: testVault,
      qlik,
      leaseMs: 10_000,
      timeoutMs: 4_000,
      listLagMs: 100,
    });
  });
  afterAll(async () => {
    await worker.close();
    await sandbox.close();
    await test.close();
  });
  afterEach(() => control('DELETE'));

  const control = async (method: 'POST' | 'DELETE', fault?: object): Promise<void> => {
    const options = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) };
    const response = await fetch(`${sandbox.url}/_sandbox/faults`, { method, ...(fault && options) });
    expect(response.ok).toBe(true);
  };

  async function accept(name: string): Promise<string> {
    const tenantHost = `${name}.eu.qlikcloud.com`;
    const { run } = await acceptCustomer(worker.get(CustomersService, { strict: false }), name, tenantHost);
    return run.id;
  }

  /** Delivers the run's wake-ups until it has come to its end, and tells what became of it. */
  async function deliver(runId: string) {
    for (;;) {
      const result = await worker.get(RunRunner, { strict: false }).execute(runId);
      if (result.kind !== 'wait') break;
      await delay(Math.ceil(result.forMs));
    }
    return test.database.client.run.findUniqueOrThrow({ where: { id: runId } });
  }

  const attemptsOf = (runIds: string[]) =>
    test.database.client.stepAttempt.findMany({ where: { runId: { in: runIds } }, orderBy: { number: 'asc' } });

  const codeOf = (attempt: { error: unknown }) => (attempt.error as { code: string } | null)?.code;

  it('fails the run of a tenant that is down for good, after as many tries as ever', async () => {
    const runId = await accept('down');
    await control('POST', { kind: 'status', status: 503, tenantHost: 'down.eu.qlikcloud.com' });
    expect(await deliver(runId)).toMatchObject({ state: 'failed', attempts: 8, error: { code: 'QLIK_UNAVAILABLE' } });
    const attempts = await attemptsOf([runId]);
    const tried = attempts.filter((attempt) => codeOf(attempt) === 'QLIK_UNAVAILABLE');
    expect(tried.map(({ calls }) => (calls as unknown[]).length)).toEqual(Array(8).fill(1));
    const held = attempts.filter((attempt) => codeOf(attempt) === 'TENANT_CIRCUIT_OPEN');
    expect(held.length).toBeGreaterThan(0);
    for (const attempt of held) expect(attempt).toMatchObject({ outcome: 'waited', calls: [] });
    expect(tried.length + held.length).toBe(attempts.length);
  });

  it('is no matter for another tenant of the region', async () => {
    const runIds = [await accept('broken'), await accept('sound')];
    await control('POST', { kind: 'status', status: 503, tenantHost: 'broken.eu.qlikcloud.com' });
    const [broken, sound] = await Promise.all(runIds.map(deliver));
    expect([broken!.state, sound!.state]).toEqual(['failed', 'succeeded']);
    expect((await attemptsOf([sound!.id])).map(codeOf)).not.toContain('REGION_CIRCUIT_OPEN');
  });

  it('holds every run of a region back in an outage, and lets them all go on afterwards', async () => {
    const runIds = await Promise.all(Array.from({ length: 12 }, (_, index) => accept(`outage-${index}`)));
    await control('POST', { kind: 'status', status: 503 });
    const ends = Promise.all(runIds.map(deliver));
    const waits = async () => {
      const held = (await attemptsOf(runIds)).filter((attempt) => codeOf(attempt) === 'REGION_CIRCUIT_OPEN');
      return runIds.map((runId) => held.filter((attempt) => attempt.runId === runId).length);
    };
    while ((await waits()).reduce((total, count) => total + count, 0) < 24) await delay(20);
    await control('DELETE');
    for (const end of await ends) expect(end).toMatchObject({ state: 'succeeded' });
  });
});
