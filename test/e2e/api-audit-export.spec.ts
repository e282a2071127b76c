import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditChecks, type AuditEntry, AuditTrail, AuditVerification } from '@app/audit';
import { v7 } from 'uuid';
import { type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

const PATH = '/v1/audit-events/export';

let api: ApiUnderTest;
let folder: string;

beforeAll(async () => {
  api = await startApiUnderTest();
  folder = await mkdtemp(join(tmpdir(), 'audit-export-'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

interface Line {
  id: string;
  chain: string;
  sequence: number;
  action: string;
  hash: string;
  previousHash: string;
}

const lines = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

const exported = async (query = ''): Promise<Line[]> => {
  const { status, body } = await api.call<string>('GET', `${PATH}${query}`);
  expect(status).toBe(200);
  return lines(body);
};

/** A chain of its own with events that have all there is to canonical JSON. */
async function appendChain(count: number): Promise<string> {
  const chain = v7();
  const trail = new AuditTrail(api.database);
  const entry = (n: number): AuditEntry => ({
    chain,
    action: n % 2 === 0 ? 'run.started' : 'run.waiting',
    actor: 'test',
    subject: { runId: v7(), customerId: chain },
    data: { z: n / 7, aB: 'ä "quoted" \\ \u2028 😀', a: null, big: 1e21, small: -1e-7, yes: true },
  });
  await api.database.sqlTransaction(async (tx) => {
    for (let n = 0; n < count; n += 100) {
      const [first, ...rest] = Array.from({ length: Math.min(100, count - n) }, (_, i) => entry(n + i));
      await trail.append(tx, first!, ...rest);
    }
  });
  return chain;
}

describe('the export', () => {
  it('is every event as the list shows it, chain by chain, each in its order', async () => {
    await api.call('POST', '/v1/customers', { body: newCustomer(), headers: { 'idempotency-key': 'export' } });
    await appendChain(1_203);
    const answer = await api.call<string>('GET', PATH);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).not.toMatch(/[\u2028\u2029]/);
    const all = lines(answer.body);
    expect(all).toHaveLength(await api.database.client.auditEvent.count());
    const chains = [...new Set(all.map(({ chain }) => chain))];
    expect(chains).toEqual([...chains].sort());
    for (const chain of chains) {
      const own = all.filter((event) => event.chain === chain);
      expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_, place) => place + 1));
    }
    const { body } = await api.call<any>('GET', '/v1/audit-events?limit=100&chain=system');
    expect(all.filter(({ chain }) => chain === 'system').reverse()).toEqual(body.events);
  });

  it('is narrowed like the list', async () => {
    const chain = await appendChain(10);
    const own = await exported(`?customerId=${chain}`);
    expect(own.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await exported(`?chain=${chain}&action=run.waiting`)).toHaveLength(5);
    expect(await exported(`?chain=${chain}&actor=nobody`)).toEqual([]);
    expect(await exported(`?chain=${chain}&to=2000-01-01T00:00:00Z`)).toEqual([]);
    expect(await exported(`?chain=${chain}&from=2000-01-01T00:00:00%2B02:00`)).toHaveLength(10);
  });

  it.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])(
    'takes the instant %s, and so does the list',
    async (at) => {
      for (const path of ['/v1/audit-events/export', '/v1/audit-events'])
        for (const query of [`?from=${at}`, `?to=${at}`])
          expect((await api.call('GET', path + query)).status).toBe(200);
    },
  );

  it.each([
    '?limit=5',
    '?cursor=x',
    '?customerId=x',
    '?action=nothing',
    '?from=yesterday',
    '?from=0000-01-01T00:00:00Z',
  ])('refuses %s', async (query) => {
    const answer = await api.call('GET', PATH + query);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('asks for audit:read', async () => {
    const { key } = await api.makeKey(['runs:read']);
    expect(await api.call('GET', PATH, { key })).toMatchObject({ status: 403, body: { scope: 'audit:read' } });
  });
});

describe('an export that fails', () => {
  const lastChain = 'ffffffff-ffff-4fff-8fff-ffffffffffff';

  /** Events at the end of the export, of which the last cannot be told: no date says "infinity". */
  const insert = (count: number, padding: number) => api.database.client.$executeRaw`
    INSERT INTO audit_events (id, chain, sequence, occurred_at, action, actor, subject, data, previous_hash, hash)
    SELECT gen_random_uuid(), ${lastChain}, n, CASE WHEN n = ${count}::int THEN 'infinity' ELSE now() END, 'run.started', 'test', '{}',
      jsonb_build_object('padding', repeat('x', ${padding}::int)), '', '' FROM generate_series(1, ${count}::int) n`;

  afterEach(() =>
    api.database.client.$transaction([
      api.database.client.$executeRaw`SET LOCAL session_replication_role = replica`,
      api.database.client.$executeRaw`DELETE FROM audit_events WHERE chain = ${lastChain}`,
    ]),
  );

  it('on its way is cut off, so that nobody takes it for a whole one', async () => {
    await insert(600, 1);
    const response = await fetch(`${api.url}${PATH}?chain=${lastChain}`, {
      headers: { authorization: `Bearer ${api.key}` },
    });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(api.logged()).toContain('An export of the audit trail was broken off');
  });

  it('before its first line is a problem', async () => {
    await insert(1, 1);
    const answer = await api.call('GET', `${PATH}?chain=${lastChain}`);
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL_ERROR' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('to be read makes room when its reader goes: two at once for a caller', async () => {
    await insert(40_000, 1_000);
    const { key } = await api.makeKey(['audit:read']);
    const open = async (): Promise<AbortController> => {
      const stop = new AbortController();
      const init = { headers: { authorization: `Bearer ${key}` }, signal: stop.signal };
      const response = await fetch(`${api.url}${PATH}?chain=${lastChain}`, init);
      if (response.status !== 200) throw new Error(`answered ${response.status}`);
      await response.body!.getReader().read();
      return stop;
    };
    const [one, other] = [await open(), await open()];
    await expect(open()).rejects.toThrow('answered 429');
    one.abort();
    let third: AbortController | undefined;
    for (const giveUpAt = Date.now() + 15_000; third === undefined;) {
      third = await open().catch((error: Error) => {
        if (Date.now() > giveUpAt) throw error;
        return undefined;
      });
    }
    other.abort();
    third.abort();
  });
});

describe('the verification', () => {
  const verification = async (query = '') => (await api.call<any>('GET', `/v1/audit-events/verification${query}`)).body;

  it('is of one chain now, or the last check of all', async () => {
    const chain = await appendChain(3);
    expect(await verification('?chain=system')).toMatchObject({ chain: 'system', intact: true });
    expect(await verification()).toEqual({
      ...{ startedAt: null, finishedAt: null, intact: null, underWaySince: null },
      ...{ chains: 0, events: 0, brokenChains: 0, broken: [] },
    });
    const checks = new AuditChecks(api.database, new AuditVerification(api.database));
    const { finished } = (await checks.takeTurn(1, 60_000))!;
    expect(await verification()).toMatchObject({
      ...{ intact: true, chains: finished!.chains, events: finished!.events, underWaySince: null },
      finishedAt: finished!.finishedAt.toISOString(),
    });
    const both = await api.call('GET', `/v1/audit-events/verification?chain=system&customerId=${chain}`);
    expect(both).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  });
});

describe('the script in docs/security.md', () => {
  const [, script] = /```js\n(\/\/ verify-audit-export\.mjs\n.*?)```/s.exec(readFileSync('docs/security.md', 'utf8'))!;

  /** Runs it on these lines. */
  async function verify(text: string): Promise<{ code: number; output: string }> {
    const [program, file] = [join(folder, 'verify-audit-export.mjs'), join(folder, `${v7()}.ndjson`)];
    await writeFile(program, script!);
    await writeFile(file, text);
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [program, file], (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number')
          return reject(new Error('It did not end.', { cause: error }));
        resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
      });
    });
  }

  const textOf = async (query: string) => (await api.call<string>('GET', PATH + query)).body;

  it('finds an export intact, and names the head of each chain', async () => {
    const chain = await appendChain(501);
    const text = await textOf('');
    const heads = new Map(lines(text).map((event) => [event.chain, event]));
    const { code, output } = await verify(text);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain(`${chain} 501 ${heads.get(chain)!.hash}`);
    expect(output.trimEnd().split('\n')).toHaveLength(heads.size);
  });

  it.each<[string, (all: string[]) => string[], string]>([
    ['was changed', (all) => all.map((line, n) => (n === 4 ? line.replace('"test"', '"nobody"') : line)), 'event 5'],
    ['is missing', (all) => all.toSpliced(4, 1), 'event 6'],
    ['was added', (all) => all.toSpliced(4, 0, all[3]!), 'event 4'],
    ['is out of its place', (all) => [...all.slice(0, 3), all[4]!, all[3]!, ...all.slice(5)], 'event 5'],
  ])('finds that an event %s', async (_what, tamper, place) => {
    const chain = await appendChain(10);
    const all = (await textOf(`?customerId=${chain}`)).trimEnd().split('\n');
    const { code, output } = await verify(`${tamper(all).join('\n')}\n`);
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(`${chain}: ${place}`) });
  });

  it('takes no export for whole that was cut off in a line', async () => {
    const text = await textOf(`?customerId=${await appendChain(3)}`);
    expect(await verify(text.slice(0, -10))).toMatchObject({ code: 1 });
  });

  it('finds what the command exports intact, and the same as what the API does', async () => {
    const chain = await appendChain(700);
    const output = join(folder, 'export.ndjson');
    const { rows } = await cli(['audit', 'export', '--customer', chain, '--output', output, '--json']);
    expect(JSON.parse(rows)).toEqual({ file: output, events: 700 });
    const text = await readFile(output, 'utf8');
    expect(text).toBe(await textOf(`?customerId=${chain}`));
    expect(await cli(['audit', 'export', '--customer', chain])).toEqual({ code: 0, rows: text, said: '' });
    expect(await cli(['audit', 'export', '--output', output])).toMatchObject({
      code: 1,
      said: expect.stringContaining('already'),
    });
    expect(await readFile(output, 'utf8')).toBe(text);
  });

  const cli = async (args: string[]) => {
    const { runProgram } = await import('../../apps/cli/src/program.js');
    const [{ name } = { name: '' }] = await api.database.client.$queryRaw<{ name: string }[]>`
      SELECT current_database() AS name`;
    let [rows, said] = ['', ''];
    const code = await runProgram(args, {
      env: { DATABASE_URL: `${process.env.TEST_POSTGRES_URL}/${name}` },
      stdout: { write: (text) => ((rows += text), true) },
      stderr: { write: (text) => (said += text) },
    });
    return { code, rows, said };
  };
});
