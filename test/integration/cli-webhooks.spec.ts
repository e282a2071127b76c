import { createSecretKey, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { LocalKeyProvider, Vault } from '@app/vault';
import { webhookEvents, WebhookSecrets } from '@app/webhooks';
import { runProgram } from '../../apps/cli/src/program.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const KEY = randomBytes(32);
const NOBODY = '019abcde-0000-7000-8000-000000000001';
const URL = 'https://app.example/hooks';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  await test.database.client.$executeRaw`TRUNCATE webhook_endpoints CASCADE`;
});

/** Runs `webhooks …`; the keys of the vault are there only for what needs them. */
async function webhooks(args: string[], env: NodeJS.ProcessEnv = {}) {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(['webhooks', ...args], {
    env: { DATABASE_URL: test.url.reveal(), ...env },
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}
const sealing = (...args: string[]) => webhooks(args, { LOCAL_KEYS: `test:${KEY.toString('base64')}` });
const json = async <T = Endpoint>(ended: Promise<{ code: number; stdout: string; stderr: string }>): Promise<T> => {
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as T;
};
const refusal = async (ended: Promise<{ code: number; stdout: string; stderr: string }>) => {
  const { code, stdout, stderr } = await ended;
  expect([stdout, stderr.trimEnd().split('\n').length]).toEqual(['', 1]);
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
  return [code, error.code, error.message];
};

interface Endpoint {
  id: string;
  state: string;
  secret: string;
  [member: string]: unknown;
}

const register = (...more: string[]) => json(sealing('create', '--url', URL, ...more, '--json'));

/** What signs for the endpoint now, newest first. */
async function signingSecrets(id: string): Promise<string[]> {
  const keys = new LocalKeyProvider([{ id: 'test', key: createSecretKey(KEY) }]);
  const secrets = new WebhookSecrets(new Vault(test.database, new AuditTrail(test.database), keys));
  return (await secrets.open(test.database.sql, id)).map((secret) => secret.reveal());
}

const actionsOf = async (id: string) =>
  (
    await test.database.client.auditEvent.findMany({
      where: { subject: { path: ['webhookEndpointId'], equals: id } },
      orderBy: { sequence: 'asc' },
    })
  ).map(({ action, actor }) => `${action} ${actor.split(':')[0]}`);

describe('webhooks', () => {
  it('create registers an endpoint as the API does, and shows the secret that signs, this once', async () => {
    const { secret, ...shown } = await register('--events', 'customer.ready,customer.failed', '--description', 'crm');
    expect(shown).toMatchObject({
      ...{ url: URL, events: ['customer.ready', 'customer.failed'], description: 'crm' },
      ...{ state: 'active', disabledReason: null, previousSecretUntil: null },
    });
    expect(await signingSecrets(shown.id)).toEqual([secret]);
    expect(await actionsOf(shown.id)).toEqual(['webhook_endpoint.created cli']);
    expect(await json(webhooks(['show', shown.id.toUpperCase(), '--json']))).toEqual(shown);
    expect(await json(webhooks(['list', '--json']))).toEqual({ webhookEndpoints: [shown] });
    for (const command of [['show', shown.id], ['list']]) {
      expect((await webhooks(command)).stdout).not.toContain(secret.slice(6));
    }
  });

  it('create tells people to keep the secret; the endpoint gets every event unless it is asked for some', async () => {
    const { code, stdout } = await sealing('create', '--url', URL);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nevents +-\n[^]*\nsecret +whsec_\S+\nKeep the secret now: it is not shown again\.\n$/);
  });

  it('list shows each in a line', async () => {
    expect((await webhooks(['list'])).stdout).toBe('There is no webhook endpoint.\n');
    const { id } = await register();
    await webhooks(['change', id, '--state', 'disabled']);
    expect((await webhooks(['list'])).stdout).toMatch(
      new RegExp(
        `^ID +STATE +LAST SUCCESS +FAILING SINCE +URL +EVENTS\n${id}  disabled \\(DISABLED_BY_CALLER\\)  never +- +${URL}  all\n$`,
      ),
    );
  });

  it('change what is given, without keys, and leave the rest', async () => {
    const { id } = await register('--description', 'crm');
    const change = (...args: string[]) => json(webhooks(['change', id, ...args, '--json']));
    expect(await change('--url', `${URL}/2`, '--events', 'drift.detected')).toMatchObject({
      ...{ id, url: `${URL}/2`, events: ['drift.detected'], description: 'crm', state: 'active' },
    });
    expect(await change('--events', 'all', '--no-description')).toMatchObject({ events: null, description: null });
    expect(await change('--state', 'disabled')).toMatchObject({ state: 'disabled', url: `${URL}/2` });
    expect(await change('--state', 'active', '--description', 'x')).toMatchObject({
      state: 'active',
      description: 'x',
    });
    expect(await actionsOf(id)).toEqual([
      'webhook_endpoint.created cli',
      'webhook_endpoint.changed cli',
      'webhook_endpoint.changed cli',
      'webhook_endpoint.disabled cli',
      'webhook_endpoint.changed cli',
      'webhook_endpoint.enabled cli',
    ]);
  });

  it('rotate-secret shows a second secret, and both sign', async () => {
    const first = await register();
    const second = await json(sealing('rotate-secret', first.id, '--json'));
    expect(second).toMatchObject({ id: first.id, previousSecretUntil: expect.any(String) });
    expect(await signingSecrets(first.id)).toEqual([second.secret, first.secret]);
  });

  it('delete removes an endpoint and the key of its secrets, without keys', async () => {
    const { id } = await register();
    expect(await json(webhooks(['delete', id, '--json']))).toEqual({ id, state: 'deleted' });
    expect(await test.database.client.webhookEndpoint.count()).toBe(0);
    expect(await test.database.client.dataKey.findFirst({ where: { ownerId: id } })).toMatchObject({ wrapped: null });
    expect(await refusal(webhooks(['delete', id, '--json']))).toEqual([
      1,
      'WEBHOOK_ENDPOINT_NOT_FOUND',
      expect.any(String),
    ]);
  });

  it('test sends an event, deliveries shows it, and replay sends it again', async () => {
    const { id } = await register('--events', 'customer.ready');
    const before = new Date(Date.now() - 60_000).toISOString();
    const { deliveryId } = await json<{ deliveryId: string }>(webhooks(['test', id, '--json']));
    const attempt = { at: before, durationMs: 5, status: 500, error: 'REFUSED', networkCode: null };
    await test.database.client.webhookDelivery.update({
      where: { id: deliveryId },
      data: { state: 'failed', nextAttemptAt: null, attempts: [attempt] },
    });
    const log = await webhooks(['deliveries', id, '--state', 'failed', '--type', 'webhook.test']);
    expect(log.stdout).toMatch(
      new RegExp(
        `^ID +TYPE +STATE +TRIES +LAST TRY +NEXT TRY +CREATED\n${deliveryId}  webhook.test  failed  1 +REFUSED 500  - `,
      ),
    );
    const { deliveries } = await json<{ deliveries: object[] }>(webhooks(['deliveries', id, '--json']));
    expect(deliveries).toMatchObject([{ id: deliveryId, type: 'webhook.test', attempts: [attempt] }]);
    expect((await webhooks(['deliveries', id, '--state', 'delivered'])).stdout).toBe('There is no such delivery.\n');

    for (const which of [
      ['--delivery', deliveryId],
      ['--since', before],
      ['--since', before, '--until', '2999-01-01T00:00:00Z'],
    ]) {
      expect(await json(webhooks(['replay', id, ...which, '--json']))).toEqual({ deliveries: 1 });
    }
    expect(await json(webhooks(['replay', id, '--since', before, '--until', before, '--json']))).toEqual({
      deliveries: 0,
    });
    expect(await test.database.client.webhookDelivery.findUnique({ where: { id: deliveryId } })).toMatchObject({
      state: 'pending',
      nextAttemptAt: expect.any(Date),
    });
  });

  it('deliveries goes through the log a page at a time', async () => {
    const { id } = await register();
    const made: string[] = [];
    for (let count = 0; count < 2; count++) {
      made.unshift((await json<{ deliveryId: string }>(webhooks(['test', id, '--json']))).deliveryId);
    }
    const first = await webhooks(['deliveries', id, '--limit', '1']);
    expect([first.stdout, first.stderr]).toEqual([
      expect.stringContaining(made[0]!),
      `There are more: --cursor ${made[0]}\n`,
    ]);
    const rest = webhooks(['deliveries', id, '--limit', '1', '--cursor', made[0]!, '--json']);
    expect(await json(rest)).toEqual({ deliveries: [expect.objectContaining({ id: made[1] })] });
  });

  it('test and replay need an endpoint that is active', async () => {
    const { id } = await register();
    await webhooks(['change', id, '--state', 'disabled']);
    for (const args of [
      ['test', id],
      ['replay', id, '--since', '2026-01-31T00:00:00Z'],
    ]) {
      expect(await refusal(webhooks([...args, '--json']))).toEqual([
        1,
        'WEBHOOK_ENDPOINT_DISABLED',
        expect.stringContaining(id),
      ]);
    }
  });

  it('on this machine are for development', async () => {
    const args = ['create', '--url', 'http://127.0.0.1:8080/hooks', '--json'];
    const keys = { LOCAL_KEYS: `test:${KEY.toString('base64')}` };
    expect(await refusal(webhooks(args, keys))).toEqual([2, 'REQUEST_INVALID', 'The url must be an https URL.']);
    expect(await refusal(webhooks(args, { ...keys, WEBHOOK_ALLOW_LOOPBACK: 'true', NODE_ENV: 'production' }))).toEqual([
      ...[1, 'CONFIGURATION_INVALID', expect.stringContaining('WEBHOOK_ALLOW_LOOPBACK: is for development')],
    ]);
    await json(webhooks(args, { ...keys, WEBHOOK_ALLOW_LOOPBACK: 'true' }));
  });

  it('seal nothing without keys, or under keys that are not those of the database', async () => {
    const { id } = await register();
    const other = { LOCAL_KEYS: `other:${randomBytes(32).toString('base64')}` };
    for (const args of [
      ['create', '--url', URL, '--json'],
      ['rotate-secret', id, '--json'],
    ]) {
      expect(await refusal(webhooks(args))).toMatchObject([
        ...[1, 'CONFIGURATION_INVALID', expect.stringContaining('LOCAL_KEYS: is missing')],
      ]);
      expect(await refusal(webhooks(args, other))).toEqual([1, 'KEYS_UNUSABLE', expect.stringContaining('"test"')]);
    }
    expect(await test.database.client.webhookSecret.count()).toBe(1);
    expect(await actionsOf(id)).toEqual(['webhook_endpoint.created cli']);
  });

  it.each([
    ['show', []],
    ['change', ['--state', 'active']],
    ['rotate-secret', []],
    ['delete', []],
    ['deliveries', []],
    ['replay', ['--delivery', NOBODY]],
    ['test', []],
  ])('%s names the endpoint that is not there, and what is no id', async (command, args) => {
    const run = (id: string) => refusal(sealing(command, id, ...args, '--json'));
    expect(await run(NOBODY)).toEqual([1, 'WEBHOOK_ENDPOINT_NOT_FOUND', expect.stringContaining(NOBODY)]);
    expect(await run('crm')).toEqual([2, 'USAGE', expect.stringContaining('Give the id, a UUID')]);
  });

  it.each<[string, string[], string]>([
    ['no URL', ['create'], "'--url <url>' not specified"],
    ['too long a URL', ['create', '--url', `${URL}/${'x'.repeat(1_000)}`], 'url: '],
    [
      'an unknown event',
      ['create', '--url', URL, '--events', 'customer.ready,x'],
      `"x". The events are: ${Object.keys(webhookEvents).join(', ')}.`,
    ],
    ['an event twice', ['create', '--url', URL, '--events', 'customer.ready,customer.ready'], 'must not repeat'],
    ['a blank description', ['create', '--url', URL, '--description', ' '], 'description: must not be blank'],
    ['nothing to change', ['change', NOBODY], 'Give what to change'],
    ['no state', ['change', NOBODY, '--state', 'asleep'], 'active, disabled'],
    ['no limit', ['deliveries', NOBODY, '--limit', '101'], 'limit: '],
    ['no type', ['deliveries', NOBODY, '--type', 'x'], 'webhook.test, customer.ready'],
    ['nothing to replay', ['replay', NOBODY], 'Give --since or --delivery'],
    ['an end alone', ['replay', NOBODY, '--until', '2026-01-31T00:00:00Z'], 'Give --since or --delivery'],
    [
      'two things to replay',
      ['replay', NOBODY, '--since', '2026-01-31T00:00:00Z', '--delivery', NOBODY],
      'cannot be used with',
    ],
    ['no instant', ['replay', NOBODY, '--since', 'yesterday'], 'since: '],
    ['no delivery', ['replay', NOBODY, '--delivery', 'x'], 'deliveryIds.0: '],
    [
      'too many deliveries',
      ['replay', NOBODY, '--delivery', ...Array.from({ length: 101 }, () => NOBODY)],
      'deliveryIds: ',
    ],
  ])('are refused for %s, in one sentence', async (_what, args, message) => {
    const before = await test.database.client.auditEvent.count();
    expect(await refusal(sealing(...args, '--json'))).toEqual([2, 'USAGE', expect.stringContaining(message)]);
    expect(await test.database.client.auditEvent.count()).toBe(before);
  });
});
