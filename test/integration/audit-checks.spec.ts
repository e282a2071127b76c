import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditChecks, AuditTrail, AuditVerification, type ChainVerdict } from '@app/audit';
import { closedGate, type Gate } from '../gate.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const DAY_MS = 86_400_000;

/** Enough for everything that a test has. */
const AMPLE_MS = 60_000;

/** Stops at a chain until the test says. */
class GatedVerification extends AuditVerification {
  gate: Gate | undefined;

  override async verify(chain: string): Promise<ChainVerdict> {
    const verdict = await super.verify(chain);
    await this.gate?.pass();
    return verdict;
  }
}

let test: TestDatabase;
let checks: AuditChecks;
const chains: string[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  checks = newWorker();
  const trail = new AuditTrail(test.database);
  for (let n = 0; n < 130; n += 1) {
    const chain = randomUUID();
    chains.push(chain);
    const entry = { chain, action: 'run.started', actor: 'test', subject: { runId: 'r' } } as const;
    await test.database.sqlTransaction((tx) => trail.append(tx, entry, entry));
  }
  chains.sort();
});
afterAll(() => test.close());
beforeEach(() => test.database.client.auditCheck.deleteMany());

const newWorker = () => new AuditChecks(test.database, new AuditVerification(test.database));

/** As if the last check had begun a day ago. */
const letADayPass = () =>
  test.database.client.$executeRaw`UPDATE audit_checks SET started_at = started_at - interval '1 day'`;

async function checkEverything(worker = checks): Promise<ChainVerdict[]> {
  const broken: ChainVerdict[] = [];
  for (;;) {
    const turn = await worker.takeTurn(DAY_MS, AMPLE_MS);
    broken.push(...(turn?.broken ?? []));
    if (turn === undefined || turn.finished !== undefined) return broken;
  }
}

async function whileBroken(sql: string, undo: string, work: () => Promise<void>): Promise<void> {
  const run = (statement: string) =>
    test.database.transaction(async (tx) => {
      await tx.$executeRawUnsafe(`SET LOCAL session_replication_role = replica`);
      await tx.$executeRawUnsafe(statement);
    });
  await run(sql);
  await work().finally(() => run(undo));
}

describe('the check of every chain', () => {
  it('goes on from turn to turn, and counts what it found once it is done', async () => {
    expect(await checks.findLast()).toEqual({ last: undefined, underWaySince: undefined });
    expect(await checks.takeTurn(DAY_MS, 0)).toEqual({ broken: [] });
    expect(await checks.findLast()).toEqual({ last: undefined, underWaySince: expect.any(Date) });
    expect(await checks.takeTurn(DAY_MS, AMPLE_MS)).toEqual({ broken: [] });
    // Another worker, or the same one after a crash.
    const { finished } = (await newWorker().takeTurn(DAY_MS, AMPLE_MS))!;
    expect(finished).toMatchObject({ chains: 130, events: 260, brokenChains: 0, broken: [] });
    expect(await checks.findLast()).toEqual({ last: finished, underWaySince: undefined });
    expect(await checks.getHealth()).toMatchObject({ brokenChains: 0 });
  });

  it('begins anew when its interval is over, and not before', async () => {
    await checkEverything();
    expect(await checks.takeTurn(DAY_MS, AMPLE_MS)).toBeUndefined();
    await letADayPass();
    expect((await checks.getHealth()).checkAgeSeconds).toBeCloseTo(86_400, -2);
    expect(await checks.takeTurn(DAY_MS, 0)).toEqual({ broken: [] });
    expect(await checks.findLast()).toEqual({
      last: expect.objectContaining({ chains: 130 }),
      underWaySince: expect.any(Date),
    });
    await checkEverything();
    expect(await test.database.client.auditCheck.count()).toBe(1);
  });

  it('names each broken chain as soon as it is found, and keeps it in its result', async () => {
    const [chain] = chains;
    const change = (actor: string) =>
      `UPDATE audit_events SET actor = '${actor}' WHERE chain = '${chain}' AND sequence = 2`;
    await whileBroken(change('nobody'), change('test'), async () => {
      const verdict = { chain, intact: false, events: 1, firstBroken: expect.objectContaining({ sequence: 2 }) };
      expect(await checks.takeTurn(DAY_MS, 0)).toEqual({ broken: [verdict] });
      expect(await checks.getHealth()).toMatchObject({ brokenChains: 1 });
      expect(await checkEverything()).toEqual([]);
      expect((await checks.findLast()).last).toMatchObject({ brokenChains: 1, events: 259, broken: [verdict] });
    });
  });

  it('finds a chain that lost its head, and one that lost its events', async () => {
    const [one, other] = [chains[3]!, chains[120]!];
    await whileBroken(
      `WITH head AS (DELETE FROM audit_chains WHERE chain = '${one}') UPDATE audit_events SET chain = 'gone' WHERE chain = '${other}'`,
      `WITH head AS (INSERT INTO audit_chains SELECT chain, sequence, hash FROM audit_events WHERE chain = '${one}' AND sequence = 2)
       UPDATE audit_events SET chain = '${other}' WHERE chain = 'gone'`,
      async () => {
        const broken = (await checkEverything()).map(({ chain }) => chain);
        expect(broken.sort()).toEqual([one, other, 'gone'].sort());
      },
    );
  });

  it('is one worker’s at a time, and another one’s when that one does not come back', async () => {
    const slow = new GatedVerification(test.database);
    slow.gate = closedGate();
    const turn = new AuditChecks(test.database, slow).takeTurn(DAY_MS, 0);
    await slow.gate.reached;
    expect(await checks.takeTurn(DAY_MS, AMPLE_MS)).toBeUndefined();
    await test.database.client.$executeRaw`UPDATE audit_checks SET lease_until = now() - interval '1 s'`;
    await checkEverything();
    slow.gate.release();
    expect(await turn).toBeUndefined();
    expect((await checks.findLast()).last).toMatchObject({ chains: 130, events: 260 });
  });
});
