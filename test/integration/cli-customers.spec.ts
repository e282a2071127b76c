import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type CliUnderTest, cliUnderTest } from '../cli-under-test.js';

// Each command is a process of its own.
jest.setTimeout(120_000);

let cli: CliUnderTest;
let made = 0;

beforeAll(async () => {
  cli = await cliUnderTest();
});
afterAll(() => cli.close());

interface Shown {
  id: string;
  externalId: string;
  state: string;
}
interface Onboarded {
  customer: Shown;
  run: { id: string; state: string };
  replayed: boolean;
}

const json = <T>(ended: { stdout: string }) => JSON.parse(ended.stdout) as T;
const error = (ended: { stderr: string }) =>
  (JSON.parse(ended.stderr) as { error: { code: string; message: string } }).error;
const options = (name: string, ...more: string[]) => [
  ...['customers', 'onboard', '--external-id', name, '--name', `${name} Inc`],
  ...['--tenant-host', `${name}.eu.qlikcloud.com`, ...more],
];
const onboard = async (...more: string[]) => {
  const name = `one-${++made}`;
  return json<Onboarded>(await cli.run([...options(name, ...more), '--json']));
};

describe('customers onboard', () => {
  it('signs a customer up as the API does, in the name of who runs it, and the same again only once', async () => {
    const args = options('acme', '--redirect-uri', 'https://a.example/b', '--scope', 'user_default', '--json');
    const [first, again] = [await cli.run(args), await cli.run(args)];
    expect([first, again]).toMatchObject([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    const { customer, run, replayed } = json<Onboarded>(first);
    expect([replayed, run.state, customer]).toEqual([
      false,
      'queued',
      expect.objectContaining({ externalId: 'acme', redirectUris: ['https://a.example/b'], currentRunId: run.id }),
    ]);
    expect(json<Onboarded>(again)).toMatchObject({
      replayed: true,
      customer: { id: customer.id },
      run: { id: run.id },
    });
    const events = await cli.database.client.auditEvent.findMany({ where: { chain: customer.id } });
    expect(events.map(({ action, actor }) => [action, actor])).toEqual([
      ['customer.accepted', expect.stringMatching(/^cli:[A-Za-z0-9._@-]+$/)],
    ]);
  });

  it('sends the wake-up to the queue', async () => {
    const { run } = await onboard();
    const jobs = await cli.database.client.$queryRaw<
      object[]
    >`SELECT * FROM bullmq.job WHERE data::text LIKE ${`%${run.id}%`}`;
    expect(jobs).toHaveLength(1);
  });

  it('says of a dry run whether the customer would be accepted, and writes nothing', async () => {
    const { customer } = await onboard();
    const before = await cli.database.client.auditEvent.count();
    const free = await cli.run([...options('nobody'), '--dry-run', '--json']);
    expect([free.code, json(free)]).toMatchObject([0, { dryRun: true, customer: { externalId: 'nobody' } }]);
    const taken = await cli.run([...options(customer.externalId), '--dry-run', '--json']);
    expect([taken.code, error(taken).code]).toEqual([1, 'EXTERNAL_ID_TAKEN']);
    expect(await cli.database.client.auditEvent.count()).toBe(before);
    expect(await cli.database.client.customer.count({ where: { externalId: 'nobody' } })).toBe(0);
  });

  it('takes the secret of an existing client from a file or standard input, seals it, and shows it nowhere', async () => {
    const secret = 'x'.repeat(40);
    const args = [...options('moved', '--client-id', 'abc', '--client-secret-file', '-'), '--json'];
    const keys = { LOCAL_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}` };
    const without = await cli.run(args, {}, `${secret}\n`);
    expect([without.code, error(without).code]).toEqual([1, 'CONFIGURATION_INVALID']);
    const ended = await cli.run(args, keys, `${secret}\n`);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(without.stderr + ended.stdout).not.toContain(secret);
    const { id } = json<Onboarded>(ended).customer;
    const stored = await cli.database.client.existingClient.findUniqueOrThrow({ where: { customerId: id } });
    expect(stored).toMatchObject({ clientId: 'abc' });
    expect(JSON.stringify(await cli.database.client.idempotencyKey.findMany())).not.toContain(secret);
  });

  it.each<[string, string[], string, string]>([
    ['what is missing', ['customers', 'onboard', '--name', 'x'], 'USAGE', 'externalId: is missing'],
    [
      'a host that is no tenant',
      options('x', '--tenant-host', 'acme.example'),
      'TENANT_HOST_INVALID',
      'not one of the allowed',
    ],
    ['no JSON', options('x', '--rotation', '{'), 'USAGE', '--rotation: must be JSON'],
    ['an unknown member', options('x', '--rotation', '{"every":1}'), 'USAGE', 'rotation: has no member "every"'],
    ['a hint for a secret', options('x', '--client-id', 'a', '--client-secret-file', '-'), 'USAGE', 'at least 32'],
    ['options of both kinds', options('x', '--file', 'x.csv'), 'USAGE', "cannot be used with option '--file"],
  ])('refuses %s, and writes nothing', async (_what, args, code, message) => {
    const before = await cli.database.client.customer.count();
    const ended = await cli.run([...args, '--json'], {}, 'hint');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(error(ended)).toEqual({ code, message: expect.stringContaining(message) });
    expect(await cli.database.client.customer.count()).toBe(before);
  });

  it('loses nothing where the queue is on a Redis that does not answer', async () => {
    await cli.query(`UPDATE installation_settings SET value = 'redis' WHERE name = 'queue-backend'`);
    try {
      const other = await cli.run([...options('mismatch'), '--json']);
      expect([other.code, error(other).code]).toEqual([1, 'QUEUE_BACKEND_MISMATCH']);
      const ended = await cli.run(options('no-redis'), { REDIS_URL: 'redis://127.0.0.1:1' });
      expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('the sweep will send them') });
      expect(await cli.database.client.run.count({ where: { customer: { externalId: 'no-redis' } } })).toBe(1);
    } finally {
      await cli.query(`UPDATE installation_settings SET value = 'postgres' WHERE name = 'queue-backend'`);
    }
  });
});

describe('customers list and show', () => {
  it('lists customers by what is asked for, a page at a time', async () => {
    const [a, b] = [await onboard(), await onboard()];
    const first = await cli.run(['customers', 'list', '--search', 'ONE-', '--limit', '1', '--json']);
    const page = json<{ customers: Shown[]; nextCursor: string }>(first);
    expect([first.code, page.customers.map(({ id }) => id)]).toEqual([0, [b.customer.id]]);
    const args = ['customers', 'list', '--state', 'onboarding', '--cursor', page.nextCursor, '--limit', '1'];
    const second = await cli.run(args);
    expect(second.stdout).toMatch(/^ID +STATE +EXTERNAL ID +TENANT +CREATED +NAME\n/);
    expect(second.stdout).toContain(a.customer.id);
    expect(second.stderr).toContain(`--cursor ${a.customer.id}`);
    const one = await cli.run(['customers', 'list', '--tenant', `${a.customer.externalId}.eu.qlikcloud.com`, '--json']);
    expect(json<{ customers: Shown[] }>(one).customers.map(({ id }) => id)).toEqual([a.customer.id]);
    expect((await cli.run(['customers', 'list', '--external-id', 'none'])).stdout).toBe('There is no such customer.\n');
  });

  it('shows a customer by its id and by its externalId, and needs no queue for it', async () => {
    const { customer } = await onboard();
    for (const name of [customer.id, customer.id.toUpperCase(), customer.externalId]) {
      const ended = await cli.run(['customers', 'show', name, '--json'], { REDIS_URL: 'redis://127.0.0.1:1' });
      expect([ended.code, ended.stderr, json<Shown>(ended).id]).toEqual([0, '', customer.id]);
    }
    expect((await cli.run(['customers', 'show', customer.id])).stdout).toContain(
      `externalId        ${customer.externalId}`,
    );
  });

  it.each([
    ['nobody', ['customers', 'show', 'nobody'], 1, 'CUSTOMER_NOT_FOUND'],
    ['no id', ['customers', 'show', '0195b1c0-0000-7000-8000-000000000000'], 1, 'CUSTOMER_NOT_FOUND'],
    ['no state', ['customers', 'list', '--state', 'happy'], 2, 'USAGE'],
    ['no limit', ['customers', 'list', '--limit', '101'], 2, 'USAGE'],
    ['no cursor', ['customers', 'list', '--cursor', 'x'], 2, 'USAGE'],
  ])('has no such customer or page: %s', async (_what, args, code, name) => {
    const ended = await cli.run([...args, '--json']);
    expect([ended.code, ended.stdout, error(ended).code]).toEqual([code, '', name]);
  });
});
