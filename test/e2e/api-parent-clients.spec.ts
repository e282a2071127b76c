import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { runProgram } from '../../apps/cli/src/program.js';
import { startWorker } from '../../apps/worker/src/start-worker.js';
import { parentClient, Stack } from '../stack.js';

/** Text that nobody else writes. */
const wrongSecret = `wrong-${randomBytes(12).toString('hex')}`;

const PATH = '/v1/parent-clients';

let stack: Stack;
const lines: string[] = [];

beforeAll(async () => {
  stack = await Stack.start({
    env: { QLIK_PARENT_CLIENTS: undefined },
    log: { write: (line) => void lines.push(line) },
  });
});
afterAll(() => stack.close());
afterEach(async () => {
  for (const { region } of await list()) await stack.call('DELETE', `${PATH}/${region}`);
});

const store = (clientSecret: string, region = 'eu', clientId = parentClient.clientId) =>
  stack.call('PUT', `${PATH}/${region}`, { body: { clientId, clientSecret } });
const list = async () => (await stack.call('GET', PATH)).body.parentClients;
const audited = async () => {
  const { body } = await stack.call('GET', '/v1/audit-events?chain=system&limit=500');
  return body.events.filter(({ action }: { action: string }) => action.startsWith('parent_client.')).reverse();
};

async function retry(runId: string): Promise<void> {
  const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
  const { status } = await stack.call('POST', `/v1/runs/${runId}/retry`, {
    headers: { 'if-match': String(headers.etag) },
    body: { reason: 'the parent client was replaced' },
  });
  expect(status).toBe(202);
}

describe('PUT, GET and DELETE of a parent client', () => {
  it('stores it, replaces it, shows all but its secret, and forgets it', async () => {
    const first = await store(wrongSecret);
    const shown = { region: 'eu', clientId: 'parent', createdAt: expect.any(String), lastUsedAt: null };
    expect(first).toMatchObject({ status: 201, body: { ...shown, changedAt: expect.any(String) } });
    expect(Object.keys(first.body).sort()).toEqual(['changedAt', 'clientId', 'createdAt', 'lastUsedAt', 'region']);
    const second = await store(`${wrongSecret}-2`, 'eu', 'another');
    expect(second).toMatchObject({ status: 200, body: { clientId: 'another', createdAt: first.body.createdAt } });
    expect(second.body.changedAt > first.body.changedAt).toBe(true);
    await store(wrongSecret, 'us');
    expect(await list()).toMatchObject([{ region: 'eu', clientId: 'another' }, { region: 'us' }]);
    expect(await stack.call('DELETE', `${PATH}/us`)).toMatchObject({ status: 204 });
    expect(await list()).toHaveLength(1);
  });

  it('writes one event for each change, with region and client id alone', async () => {
    const before = (await audited()).length;
    await store(wrongSecret);
    await stack.call('DELETE', `${PATH}/eu`);
    const subject = { region: 'eu', clientId: 'parent' };
    const by = { actor: expect.stringMatching(/^api-key:/), requestId: expect.any(String), subject, data: {} };
    expect((await audited()).slice(before)).toMatchObject([
      { action: 'parent_client.stored', ...by },
      { action: 'parent_client.deleted', ...by },
    ]);
  });

  it.each(['xx', 'EU', 'e u', '__proto__', 'eu.qlikcloud.com'])('refuses the region "%s" by name', async (region) => {
    const answer = await store(wrongSecret, encodeURIComponent(region));
    expect(answer).toMatchObject({ status: 400, body: { code: 'REGION_UNKNOWN' } });
    expect(answer.body.detail).toContain(`"${region}"`);
    expect(await list()).toEqual([]);
  });

  it.each([
    ['no secret', { clientId: 'x' }, '/clientSecret'],
    ['an empty secret', { clientId: 'x', clientSecret: '' }, '/clientSecret'],
    ['a line break', { clientId: 'x', clientSecret: `${wrongSecret}\n` }, '/clientSecret'],
    ['a secret too long', { clientId: 'x', clientSecret: 'x'.repeat(1_001) }, '/clientSecret'],
    ['a client id too long', { clientId: 'x'.repeat(201), clientSecret: 'x' }, '/clientId'],
    ['an unknown field', { clientId: 'x', clientSecret: 'x', region: 'eu' }, '/region'],
  ])('refuses %s, and does not say what it was', async (_what, body, pointer) => {
    const answer = await stack.call('PUT', `${PATH}/eu`, { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID', errors: [{ pointer }] } });
    expect(JSON.stringify(answer.body)).not.toContain(wrongSecret);
    expect(await list()).toEqual([]);
  });

  it('says that there is nothing to delete', async () => {
    const answer = await stack.call('DELETE', `${PATH}/us`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'PARENT_CLIENT_NOT_FOUND' } });
  });

  it.each(['%00', 'EU', 'e%20u', 'x'.repeat(64)])('has nothing to delete where "%s" is no region', async (region) => {
    const answer = await stack.call('DELETE', `${PATH}/${region}`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'PARENT_CLIENT_NOT_FOUND' } });
  });

  it.each(['GET', 'PUT', 'DELETE'])('asks for parents:write: %s', async (method) => {
    const { body } = await stack.call(method, method === 'GET' ? PATH : `${PATH}/eu`, {
      ...(method === 'PUT' ? { body: { clientId: 'x', clientSecret: 'x' } } : {}),
      headers: { authorization: `Bearer ${await keyWithout()}` },
    });
    expect(body).toMatchObject({ code: 'SCOPE_MISSING', scope: 'parents:write' });
  });

  let keys = 0;
  const keyWithout = async (): Promise<string> => {
    keys += 1;
    const { code, stdout } = await cli([
      'api-keys',
      'create',
      '--name',
      `without-${keys}`,
      '--scopes',
      'runs:read',
      '--json',
    ]);
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { key: string }).key;
  };
});

describe('the worker', () => {
  it('uses what is stored without a restart: none, then a wrong one, then the right one', async () => {
    const { runId, customerId } = await stack.onboard('acme');
    expect(await stack.runEnd(runId)).toMatchObject({
      state: 'needs_attention',
      error: { code: 'PARENT_NOT_CONFIGURED' },
    });
    await store(wrongSecret);
    await retry(runId);
    const refused = await stack.runEnd(runId);
    expect(refused).toMatchObject({ state: 'needs_attention', error: { code: 'PARENT_REFUSED' } });
    expect(refused.error.hint).toContain('PUT /v1/parent-clients/{region}');
    await store(parentClient.clientSecret);
    await retry(runId);
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
    const { body: customer } = await stack.call('GET', `/v1/customers/${customerId}`);
    expect(customer.state).toBe('ready');
    await untilUsed();
  });

  it('goes back to what it is configured with when the stored one is deleted', async () => {
    await store(wrongSecret);
    await stack.worker.close();
    const env = { ...stack.env, QLIK_PARENT_CLIENTS: JSON.stringify({ eu: parentClient }) };
    stack.worker = await startWorker(env, { logger: pino({ level: 'silent' }) });
    const { runId } = await stack.onboard('globex');
    expect(await stack.runEnd(runId)).toMatchObject({ error: { code: 'PARENT_REFUSED' } });
    await stack.call('DELETE', `${PATH}/eu`);
    await retry(runId);
    expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
  });

  /** Resolves once the list says when the client was used. */
  async function untilUsed(): Promise<void> {
    for (const giveUpAt = Date.now() + 15_000; ;) {
      const [{ lastUsedAt }] = await list();
      if (lastUsedAt !== null) return expect(lastUsedAt).toMatch(/:00\.000Z$/);
      if (Date.now() > giveUpAt) throw new Error('The use was not noted.');
    }
  }
});

describe('the commands', () => {
  it('store, list and delete', async () => {
    const set = ['parent-clients', 'set', 'eu', '--client-id', 'from-cli', '--json'];
    expect(await cli(set, `${wrongSecret}\n`)).toMatchObject({ code: 0 });
    const listed = await cli(['parent-clients', 'list']);
    expect(listed.stdout).toMatch(/^REGION +CLIENT ID +CHANGED +LAST USED\neu +from-cli +\S+ +never\n$/);
    expect(await list()).toMatchObject([{ region: 'eu', clientId: 'from-cli' }]);
    expect(await cli(['parent-clients', 'delete', 'eu', '--json'])).toMatchObject({ code: 0 });
    expect(await cli(['parent-clients', 'delete', 'eu'])).toMatchObject({ code: 1 });
    expect((await audited()).slice(-2)).toMatchObject(Array(2).fill({ actor: expect.stringMatching(/^cli:/) }));
  });

  it.each([
    ['a region that is none', ['xx', '--client-id', 'x'], wrongSecret, 'There is no region "xx"'],
    ['no secret', ['eu', '--client-id', 'x'], '\n', 'The secret must be'],
    ['two lines', ['eu', '--client-id', 'x'], `${wrongSecret}\n${wrongSecret}`, 'The secret must be'],
    ['no input', ['eu', '--client-id', 'x'], undefined, 'Pipe the input in'],
  ])('refuse %s', async (_what, args, input, message) => {
    const { code, stderr } = await cli(['parent-clients', 'set', ...args], input);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).not.toContain(wrongSecret);
    expect(await list()).toEqual([]);
  });
});

it('no secret was written to the log or the database', async () => {
  expect(lines.join('')).not.toContain(wrongSecret);
  expect(lines.join('')).not.toContain(parentClient.clientSecret);
  await store(wrongSecret);
  const [row] = await stack.test.database.client.$queryRaw<{ text: string }[]>`
    SELECT concat((SELECT json_agg(p) FROM parent_clients p), (SELECT json_agg(a) FROM audit_events a),
      (SELECT json_agg(s) FROM step_attempts s), (SELECT json_agg(r) FROM runs r)) AS text`;
  expect(row!.text).toContain('"region"');
  expect(row!.text).not.toContain(wrongSecret);
});

async function cli(args: string[], input?: string) {
  let [stdout, stderr] = ['', ''];
  const code = await runProgram(args, {
    env: stack.env,
    ...(input === undefined ? {} : { stdin: inputOf(input) }),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

// eslint-disable-next-line @typescript-eslint/require-await -- standard input comes in parts
async function* inputOf(text: string): AsyncGenerator<string> {
  yield text;
}
