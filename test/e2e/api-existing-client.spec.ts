import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { ScriptingOem } from './scripting-oem.js';

let oem: ScriptingOem;
let log = '';

beforeAll(async () => {
  oem = await ScriptingOem.start({ write: (line) => void (log += line) });
});
afterAll(() => oem.close());

/** Everything that is stored, as text. */
async function dump(): Promise<string> {
  const { sql } = oem.stack.test.database;
  const tables = await sql.$queryRaw<{ name: string }[]>`
    SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_schema IN ('public', 'bullmq') AND table_type = 'BASE TABLE'`;
  const all: string[] = [];
  for (const { name } of tables)
    all.push(JSON.stringify(await oem.stack.test.database.client.$queryRawUnsafe(`SELECT t::text FROM ${name} t`)));
  return all.join('\n');
}

describe('POST /v1/customers with existingClient', () => {
  it('refuses a client that another customer has, made or enrolled, and writes nothing', async () => {
    const scripted = await oem.script('holder');
    const holderId = await oem.ready(scripted, { clientId: scripted.clientId });
    const { customerId: madeId, runId } = await oem.stack.onboard('made-here');
    await oem.stack.runEnd(runId);
    const { clientId: madeClientId } = await oem.credentials(madeId);
    const before = await counts();
    for (const [clientId, customerId] of [
      [scripted.clientId, holderId],
      [madeClientId, madeId],
    ]) {
      const secret = { clientSecret: 'a'.repeat(64) };
      expect(await oem.signUp('taker', { clientId, ...secret })).toMatchObject({
        status: 409,
        body: { code: 'CLIENT_TAKEN', customerId, errors: [{ pointer: '/existingClient/clientId' }] },
      });
    }
    expect(await counts()).toEqual(before);
  });

  it('gives one customer of two that name a client at once the client', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => oem.signUp(`racer-${index}`, { clientId: 'one-for-all' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(7).fill(409)]);
    expect(answers.filter(({ body }) => body.code === 'CLIENT_TAKEN')).toHaveLength(7);
  });

  it('makes one customer and one data key of 50 equal requests at once, and knows another secret for another request', async () => {
    const existingClient = { clientId: 'replayed', clientSecret: 'b'.repeat(64) };
    const before = await counts();
    const answers = await Promise.all(Array.from({ length: 50 }, () => oem.signUp('replayed', existingClient)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.customer?.id}`)).size).toBe(1);
    const [customers, keys] = await counts();
    expect([customers, keys]).toEqual([before[0] + 1, before[1] + 1]);
    const other = { ...existingClient, clientSecret: 'c'.repeat(64) };
    expect(await oem.signUp('replayed', other)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await oem.signUp('replayed', { clientId: 'replayed' })).toMatchObject({ status: 422 });
  });

  it.each<[string, object, string]>([
    ['no clientId', {}, '/existingClient/clientId'],
    ['a clientId that is a path', { clientId: '../x' }, '/existingClient/clientId'],
    ['a hint for a secret', { clientId: 'x', clientSecret: 'abcde' }, '/existingClient/clientSecret'],
    ['a secret with a space', { clientId: 'x', clientSecret: `${'a'.repeat(40)} ` }, '/existingClient/clientSecret'],
    ['an endless secret', { clientId: 'x', clientSecret: 'a'.repeat(513) }, '/existingClient/clientSecret'],
    ['an unknown member', { clientId: 'x', secret: 'y' }, '/existingClient/secret'],
  ])('refuses %s', async (_, existingClient, pointer) => {
    const before = await counts();
    expect(await oem.signUp('refused', existingClient)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer }] },
    });
    expect(await counts()).toEqual(before);
  });

  it('shows the secret nowhere: no log, no row, no answer but the credentials', async () => {
    const scripted = await oem.script('silent');
    const { clientId, clientSecret } = scripted;
    const body = { externalId: 'silent', name: 'silent', tenantHost: 'silent.eu.qlikcloud.com' };
    const answers = [
      await oem.signUp('silent', { clientId, clientSecret, colour: 'red' }),
      await brokenBody(JSON.stringify({ ...body, existingClient: { clientId, clientSecret } }).slice(0, -1)),
      await oem.signUp('silent', { clientId, clientSecret }),
    ];
    const run = await oem.stack.runEnd(answers[2]!.body.run.id);
    expect(run.state).toBe('succeeded');
    const shown = JSON.stringify([answers.map((answer) => answer.body), run, await oem.events(run.customerId)]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 202]);
    for (const place of [shown, log, await dump()]) expect(place).not.toContain(clientSecret);
    expect(log).toContain('Request answered');
  });

  const counts = async () => {
    const { customer, dataKey, run, idempotencyKey, auditEvent } = oem.stack.test.database.client;
    const events = auditEvent.count({ where: { action: { not: 'credentials.read' } } });
    return Promise.all([customer.count(), dataKey.count(), run.count(), idempotencyKey.count(), events]);
  };

  async function brokenBody(body: string) {
    const response = await request(new URL('/v1/customers', oem.stack.api.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${oem.stack.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': 'x',
      },
      body,
    });
    return { status: response.statusCode, body: (await response.body.json()) as any };
  }
});
