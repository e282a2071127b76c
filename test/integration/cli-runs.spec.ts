import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type CliUnderTest, cliUnderTest } from '../cli-under-test.js';

// Each command is a process of its own.
jest.setTimeout(120_000);

const NOBODY = '0195b1c0-0000-7000-8000-000000000000';

let cli: CliUnderTest;

beforeAll(async () => {
  cli = await cliUnderTest();
});
afterAll(() => cli.close());

const json = <T = Record<string, unknown>>(ended: { stdout: string }) => JSON.parse(ended.stdout) as T;
const error = (ended: { stderr: string }) =>
  (JSON.parse(ended.stderr) as { error: { code: string; message: string } }).error;

/** A customer that is being onboarded. */
async function onboard() {
  const name = `c-${randomUUID().slice(0, 8)}`;
  const args = [
    'customers',
    'onboard',
    '--external-id',
    name,
    '--name',
    name,
    '--tenant-host',
    `${name}.eu.qlikcloud.com`,
  ];
  const { customer, run } = json<Record<'customer' | 'run', { id: string }>>(await cli.run([...args, '--json']));
  return { name, host: `${name}.eu.qlikcloud.com`, customerId: customer.id, runId: run.id };
}

/** Has the run stand where a worker would have left it. */
const stop = (runId: string, state: string, code: string | null) =>
  cli.query(
    `UPDATE runs SET state = $2::text::run_state, step = 'check-tenant-access', error = $3, finished_at = now(), holds_slot = $2 = 'needs_attention', revision = revision + 1 WHERE id = $1`,
    [runId, state, code && JSON.stringify({ code, message: 'The tenant refused.' })],
  );

const actionsOf = async (chain: string) =>
  (await cli.database.client.auditEvent.findMany({ where: { chain }, orderBy: { sequence: 'asc' } })).map(
    ({ action, actor }) => `${action} ${actor.split(':')[0]}`,
  );

describe('runs', () => {
  it('are listed by what is asked for', async () => {
    const [one, other] = [await onboard(), await onboard()];
    await stop(one.runId, 'failed', 'TENANT_ACCESS_DENIED');
    const ids = async (...args: string[]) =>
      json<{ runs: { id: string }[] }>(await cli.run(['runs', 'list', ...args, '--json'])).runs.map(({ id }) => id);
    expect(await ids('--code', 'TENANT_ACCESS_DENIED')).toEqual([one.runId]);
    expect(await ids('--customer', other.name, '--plan', 'onboarding', '--state', 'queued')).toEqual([other.runId]);
    expect(await ids('--plan', 'rotation')).toEqual([]);
    const shown = await cli.run(['runs', 'list', '--limit', '1']);
    expect(shown.stdout).toMatch(/^ID +PLAN +STATE +STEP +CODE +CREATED +CUSTOMER\n/);
    expect([shown.stdout, shown.stderr]).toEqual([
      expect.stringContaining(other.runId),
      expect.stringContaining(`--cursor ${other.runId}`),
    ]);
  });

  it('are retried and cancelled with a reason, which the audit trail names with who did it', async () => {
    const { customerId, runId } = await onboard();
    await stop(runId, 'failed', 'TENANT_ACCESS_DENIED');
    await cli.query(`UPDATE customers SET state = 'failed' WHERE id = $1`, [customerId]);
    const retried = await cli.run(['runs', 'retry', runId, '--reason', 'it is up again', '--json']);
    expect([retried.code, retried.stderr, json(retried)]).toMatchObject([
      0,
      '',
      { id: runId, state: 'queued', error: null },
    ]);
    const cancelled = await cli.run(['runs', 'cancel', runId, '--reason', 'not wanted', '--json']);
    expect([cancelled.code, json(cancelled)]).toMatchObject([0, { cancelRequested: true, reason: 'not wanted' }]);
    expect(await actionsOf(customerId)).toEqual([
      'customer.accepted cli',
      'run.retried cli',
      'run.cancel_requested cli',
    ]);
    const again = await cli.run(['runs', 'retry', runId, '--reason', 'r', '--json']);
    expect([again.code, error(again).code]).toEqual([1, 'RUN_STATE_CONFLICT']);
  });

  it('are watched until they end, with a line of JSON for each change', async () => {
    const { runId } = await onboard();
    const watching = cli.start(['runs', 'watch', runId, '--json']);
    await watching.says(/"queued"/);
    await stop(runId, 'succeeded', null);
    const ended = await watching.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const lines = ended.stdout.trimEnd().split('\n');
    const states = lines.map((line) => (JSON.parse(line) as { event: string; run: { state: string } }).run.state);
    expect(states).toEqual(['queued', 'succeeded']);
  });

  it('that end without success end the watching with 1, and why', async () => {
    const { runId } = await onboard();
    await stop(runId, 'needs_attention', 'CLIENT_GONE');
    const ended = await cli.run(['runs', 'watch', runId, '--json']);
    expect([ended.code, json(ended)]).toMatchObject([1, { event: 'run', run: { id: runId } }]);
    expect(error(ended)).toEqual({
      code: 'RUN_NOT_SUCCEEDED',
      message: expect.stringMatching(
        /"needs_attention" at the step "check-tenant-access" \(CLIENT_GONE\): The tenant ref/,
      ),
    });
    const shown = await cli.run(['runs', 'watch', runId]);
    expect(shown.stdout).toBe(`run ${runId} onboarding needs_attention\n`);
  });

  it('go on when their watcher presses Ctrl-C, who is told how to watch again', async () => {
    const { runId } = await onboard();
    const watching = cli.start(['runs', 'watch', runId]);
    await watching.says(/queued/);
    watching.signal('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 130, stderr: expect.stringContaining(`runs watch ${runId}`) });
    expect(await cli.database.client.run.findUnique({ where: { id: runId } })).toMatchObject({
      cancelRequested: false,
    });
  });

  it.each([
    ['watch', ['watch', NOBODY], 1, 'RUN_NOT_FOUND'],
    ['watch by another name', ['watch', 'x'], 2, 'USAGE'],
    ['retry', ['retry', NOBODY, '--reason', 'r'], 1, 'RUN_NOT_FOUND'],
    ['cancel without a reason', ['cancel', NOBODY], 2, 'USAGE'],
    ['cancel for a blank reason', ['cancel', NOBODY, '--reason', ' '], 2, 'USAGE'],
    ['list by no state', ['list', '--state', 'x'], 2, 'USAGE'],
    ['list of nobody', ['list', '--customer', 'nobody'], 1, 'CUSTOMER_NOT_FOUND'],
  ])('that are not there, or badly asked for: %s', async (_what, args, code, name) => {
    const ended = await cli.run(['runs', ...args, '--json']);
    expect([ended.code, ended.stdout, error(ended).code]).toEqual([code, '', name]);
  });
});

describe('pauses', () => {
  it('hold the runs of a tenant until it is resumed', async () => {
    const { host, runId, customerId } = await onboard();
    const paused = await cli.run(['pause', '--tenant', host, '--reason', 'moving', '--json']);
    expect([paused.code, json(paused)]).toMatchObject([
      0,
      { isNew: true, pause: { tenantHost: host, reason: 'moving' } },
    ]);
    const again = await cli.run(['pause', '--tenant', host, '--reason', 'other']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/already, by cli:\S+: moving/) });
    const { pauses } = json<{ pauses: object[] }>(await cli.run(['pauses', 'list', '--json']));
    expect(pauses).toEqual([json<{ pause: object }>(paused).pause]);
    const { runs } = json<{ runs: object[] }>(await cli.run(['runs', 'list', '--customer', customerId, '--json']));
    expect(runs).toMatchObject([{ id: runId, pausedBy: { reason: 'moving' } }]);
    expect(await cli.run(['resume', '--tenant', host])).toMatchObject({ code: 0 });
    const gone = await cli.run(['resume', '--tenant', host, '--json']);
    expect([gone.code, error(gone).code]).toEqual([1, 'PAUSE_NOT_FOUND']);
    expect((await cli.run(['pauses', 'list'])).stdout).toBe('Nothing is paused.\n');
  });

  it('of a plan are lifted by their id', async () => {
    const { pause } = json<{ pause: { id: string } }>(
      await cli.run(['pause', '--plan', 'rotation', '--reason', 'r', '--json']),
    );
    expect((await cli.run(['pauses', 'list'])).stdout).toContain(`${pause.id}  plan rotation`);
    expect(json(await cli.run(['resume', pause.id, '--json']))).toEqual({ id: pause.id, lifted: true });
    expect((await actionsOf('system')).slice(-2)).toEqual(['pause.set cli', 'pause.lifted cli']);
  });

  it.each([
    ['nothing', ['pause', '--reason', 'r'], 'USAGE'],
    ['both', ['pause', '--plan', 'rotation', '--tenant', 'a.eu.qlikcloud.com', '--reason', 'r'], 'USAGE'],
    ['no plan', ['pause', '--plan', 'x', '--reason', 'r'], 'USAGE'],
    ['no tenant', ['pause', '--tenant', 'x', '--reason', 'r'], 'TENANT_HOST_INVALID'],
    ['no reason', ['pause', '--plan', 'rotation'], 'USAGE'],
    ['nothing to resume', ['resume'], 'USAGE'],
    ['two things to resume', ['resume', NOBODY, '--plan', 'rotation'], 'USAGE'],
  ])('are not of %s', async (_what, args, code) => {
    const ended = await cli.run([...args, '--json']);
    expect([ended.code, ended.stdout, error(ended).code]).toEqual([2, '', code]);
    expect(await cli.database.client.pause.count()).toBe(0);
  });
});

describe('rotations', () => {
  it('begin with a reason; an emergency takes over what is under way', async () => {
    const { customerId, name, runId } = await onboard();
    await stop(runId, 'succeeded', null);
    await cli.query(`UPDATE customers SET state = 'ready' WHERE id = $1`, [customerId]);
    const begun = await cli.run(['rotate', name, '--reason', 'old', '--json']);
    const graceful = json<{ id: string }>(begun);
    expect([begun.code, graceful]).toMatchObject([
      0,
      { plan: 'rotation', state: 'queued', input: { mode: 'graceful' }, reason: 'old' },
    ]);
    const second = await cli.run(['rotate', name, '--reason', 'r', '--json']);
    expect([second.code, error(second).code]).toEqual([1, 'ROTATION_ACTIVE']);
    const emergency = await cli.run(['rotate', customerId, '--reason', 'leaked', '--emergency', '--json']);
    expect([emergency.code, json(emergency)]).toMatchObject([0, { input: { mode: 'emergency' }, reason: 'leaked' }]);
    const rollback = await cli.run(['rollback', name, '--reason', 'r', '--json']);
    expect([rollback.code, error(rollback).code]).toEqual([1, 'NOTHING_TO_ROLL_BACK']);
    const acknowledged = await cli.run(['acknowledge', name, '--version', '1', '--json']);
    expect([acknowledged.code, error(acknowledged).code]).toEqual([1, 'VERSION_NOT_CURRENT']);
  });

  it.each([
    ['a rotation', ['rotate', '--reason', 'r']],
    ['a rollback', ['rollback', '--reason', 'r']],
    ['an acknowledgement', ['acknowledge', '--version', '1']],
  ])('need a customer that is ready: %s', async (_what, [command, ...args]) => {
    const { name, customerId } = await onboard();
    const early = await cli.run([command!, name, ...args, '--json']);
    expect([early.code, error(early).code]).toEqual([1, 'CUSTOMER_NOT_READY']);
    const nobody = await cli.run([command!, 'nobody', ...args, '--json']);
    expect([nobody.code, error(nobody).code]).toEqual([1, 'CUSTOMER_NOT_FOUND']);
    expect(await actionsOf(customerId)).toEqual(['customer.accepted cli']);
  });

  it.each([
    [['rotate', 'x']],
    [['rollback', 'x']],
    [['acknowledge', 'x']],
    [['acknowledge', 'x', '--version', '0']],
    [['acknowledge', 'x', '--version', '1.5']],
  ])('are refused where they are badly asked for: %j', async (args) => {
    const ended = await cli.run([...args, '--json']);
    expect([ended.code, ended.stdout, error(ended).code]).toEqual([2, '', 'USAGE']);
  });
});
