import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runProgram } from '../../apps/cli/src/program.js';
import { type CliUnderTest, cliUnderTest } from '../cli-under-test.js';

// Each command is a process of its own.
jest.setTimeout(120_000);

let cli: CliUnderTest;
let made = 0;

beforeAll(async () => {
  cli = await cliUnderTest();
});
afterAll(() => cli.close());

const json = <T>(ended: { stdout: string }) => JSON.parse(ended.stdout) as T;
const error = (ended: { stderr: string }) =>
  (JSON.parse(ended.stderr) as { error: { code: string; message: string } }).error;

/** A customer whose onboarding has just begun. */
async function onboard() {
  const name = `leaving-${++made}`;
  const args = ['customers', 'onboard', '--external-id', name, '--name', name];
  const ended = await cli.run([...args, '--tenant-host', `${name}.eu.qlikcloud.com`, '--json']);
  const { customer, run } = json<Record<'customer' | 'run', { id: string }>>(ended);
  return { name, customerId: customer.id, runId: run.id };
}

const offboardings = (customerId: string) =>
  cli.database.client.run.findMany({ where: { customerId, plan: 'offboarding' } });

/** Runs the command where somebody types `typed`. */
async function atTerminal(args: string[], typed: string) {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    env: { DATABASE_URL: cli.databaseUrl },
    stdin: Object.assign(Readable.from([typed]), { isTTY: true }),
    stdout: { write: (text) => (stdout += text) },
    stderr: { isTTY: true, write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

describe('customers offboard', () => {
  it('begins as the API does, with a reason and in the name of who runs it; again it is the same run', async () => {
    const { name, customerId, runId } = await onboard();
    const args = ['customers', 'offboard', name, '--reason', 'they left', '--yes', '--json'];
    const [first, again] = [await cli.run(args), await cli.run(args)];
    expect([first.code, first.stderr, json(first)]).toMatchObject([
      0,
      '',
      { plan: 'offboarding', state: 'queued', customerId, reason: 'they left' },
    ]);
    expect(json<{ id: string }>(again).id).toBe(json<{ id: string }>(first).id);
    expect(await cli.database.client.customer.findUnique({ where: { id: customerId } })).toMatchObject({
      state: 'offboarding',
    });
    expect(await cli.database.client.run.findUnique({ where: { id: runId } })).toMatchObject({ state: 'cancelled' });
    const events = await cli.database.client.auditEvent.findMany({ where: { chain: customerId } });
    expect(events.find(({ action }) => action === 'customer.offboarding')).toMatchObject({
      actor: expect.stringMatching(/^cli:/),
      data: { reason: 'they left' },
    });
  });

  it('with --wait follows the run to its end', async () => {
    const { customerId } = await onboard();
    const waiting = cli.start(['customers', 'offboard', customerId, '--reason', 'r', '--yes', '--wait', '--json']);
    await waiting.says(/"queued"/);
    await cli.query(
      `UPDATE runs SET state = 'succeeded', finished_at = now(), holds_slot = false WHERE customer_id = $1 AND plan = 'offboarding'`,
      [customerId],
    );
    const ended = await waiting.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const last = ended.stdout.trimEnd().split('\n').at(-1)!;
    expect(JSON.parse(last)).toMatchObject({ event: 'run', run: { plan: 'offboarding', state: 'succeeded' } });
  });

  it('asks whoever types for the externalId, and does nothing for another answer', async () => {
    const { name, customerId } = await onboard();
    const args = ['customers', 'offboard', customerId, '--reason', 'r'];
    for (const typed of ['yes\n', '', `${name}x\n`]) {
      expect(await atTerminal(args, typed)).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining(`That is not "${name}": nothing was done.\n`),
      });
    }
    expect(await offboardings(customerId)).toEqual([]);
    const ended = await atTerminal(args, `${name}\n`);
    const [run] = await offboardings(customerId);
    expect(ended).toEqual({
      code: 0,
      stdout: `The run "${run!.id}" is queued. To follow it: runs watch ${run!.id}\n`,
      stderr: expect.stringContaining(`"${name}" (${customerId}, ${name}.eu.qlikcloud.com, onboarding)`),
    });
  });

  it('asks nobody where nobody types or with --json, and does nothing without --yes', async () => {
    const { name, customerId } = await onboard();
    const args = ['customers', 'offboard', name, '--reason', 'r'];
    const [piped, asJson] = [await cli.run(args, {}, `${name}\n`), await atTerminal([...args, '--json'], `${name}\n`)];
    expect([piped, asJson]).toMatchObject([
      { code: 2, stdout: '', stderr: expect.stringMatching(/^This cannot be taken back.* --yes .*\n$/) },
      { code: 2, stdout: '' },
    ]);
    expect(error(asJson).code).toBe('CONFIRMATION_MISSING');
    expect(await offboardings(customerId)).toEqual([]);
  });

  it('is refused while a worker is at a run, and once it is done', async () => {
    const { name, customerId, runId } = await onboard();
    await cli.query(`UPDATE runs SET state = 'running' WHERE id = $1`, [runId]);
    const args = ['customers', 'offboard', name, '--reason', 'r', '--yes', '--json'];
    const busy = await cli.run(args);
    expect([busy.code, error(busy).code]).toEqual([1, 'CUSTOMER_BUSY']);
    await cli.query(`UPDATE runs SET state = 'succeeded', holds_slot = false WHERE id = $1`, [runId]);
    await cli.query(`UPDATE customers SET state = 'offboarded' WHERE id = $1`, [customerId]);
    const gone = await cli.run(args);
    expect([gone.code, error(gone).code]).toEqual([1, 'CUSTOMER_OFFBOARDED']);
    expect(await offboardings(customerId)).toEqual([]);
  });

  it.each([
    ['nobody', ['nobody', '--reason', 'r', '--yes'], 1, 'CUSTOMER_NOT_FOUND'],
    ['no customer', ['--reason', 'r', '--yes'], 2, 'USAGE'],
    ['no reason', ['acme', '--yes'], 2, 'USAGE'],
    ['a blank reason', ['acme', '--reason', ' ', '--yes'], 2, 'USAGE'],
  ])('is refused for %s', async (_what, args, code, name) => {
    const ended = await cli.run(['customers', 'offboard', ...args, '--json']);
    expect([ended.code, ended.stdout, error(ended).code]).toEqual([code, '', name]);
  });
});
