import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type CliUnderTest, cliUnderTest } from '../cli-under-test.js';

// Each command is a process of its own.
jest.setTimeout(120_000);

const HEADER = 'externalId,name,tenantHost';

let cli: CliUnderTest;
let folder: string;

beforeAll(async () => {
  cli = await cliUnderTest();
  folder = mkdtempSync(join(tmpdir(), 'cli-onboard-file-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cli.close();
});
afterEach(() => cli.query('TRUNCATE customers, runs, idempotency_keys CASCADE'));

const row = (name: string) => `${name},${name} Inc,${name}.eu.qlikcloud.com`;
const many = (count: number) => Array.from({ length: count }, (_, index) => row(`c${index}`));
const write = (rows: readonly string[], name = 'customers.csv') => {
  const path = join(folder, name);
  writeFileSync(path, [HEADER, ...rows, ''].join('\n'));
  return path;
};
const onboard = (file: string, ...more: string[]) => ['customers', 'onboard', '--file', file, ...more];
/** The results file's lines, its header left out, by cell. */
const results = () =>
  readFileSync(join(folder, 'customers.results.csv'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
const error = (ended: { stderr: string }) =>
  (JSON.parse(ended.stderr) as { error: { code: string; message: string } }).error;
const json = <T = Record<string, unknown>>(ended: { stdout: string }) => JSON.parse(ended.stdout) as T;
const count = () => cli.database.client.customer.count();

describe('customers onboard --file', () => {
  it('signs up every row, and says of each what became of it', async () => {
    const ended = await cli.run(onboard(write(many(3)), '--json'));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const customers = await cli.database.client.customer.findMany({ include: { runs: true } });
    const expected = [2, 3, 4].map((line) => {
      const customer = customers.find(({ externalId }) => externalId === `c${line - 2}`)!;
      return {
        line,
        externalId: customer.externalId,
        customerId: customer.id,
        runId: customer.runs[0]!.id,
        state: 'queued',
      };
    });
    expect(json(ended)).toMatchObject({ dryRun: false, counts: { queued: 3 }, rows: expected });
    expect(results()).toEqual(expected.map((result) => [...Object.values(result).map(String), '', '']));
  });

  it('accepts nothing where a row is wrong, and names line and mistake', async () => {
    const file = write([row('good'), 'bad one,Bad,bad.eu.qlikcloud.com', row('good')]);
    const ended = await cli.run(onboard(file, '--json'));
    expect([ended.code, error(ended).code]).toEqual([2, 'CUSTOMERS_FILE_INVALID']);
    expect(json(ended)).toEqual({
      invalid: [
        { line: 3, externalId: 'bad one', mistakes: [expect.stringContaining('externalId: must be')] },
        {
          line: 4,
          externalId: 'good',
          mistakes: [expect.stringContaining('on line 2'), expect.stringContaining('on line 2')],
        },
      ],
    });
    expect((await cli.run(onboard(file))).stdout).toContain('line 3: externalId: must be');
    expect(await count()).toBe(0);
  });

  it('leaves out what is wrong with --skip-invalid, and ends with 1', async () => {
    const ended = await cli.run(onboard(write([row('good'), '=cmd,Bad,bad.eu.qlikcloud.com']), '--skip-invalid'));
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('1 of 2 rows were refused') });
    expect(results().map(([line, name, , , state, code]) => [line, name, state, code])).toEqual([
      ['2', 'good', 'queued', ''],
      ['3', "'=cmd", 'refused', 'ROW_INVALID'],
    ]);
    expect(await count()).toBe(1);
  });

  it('refuses the row of another customer alone, and names that customer', async () => {
    await cli.run(onboard(write([row('a')])));
    const { id } = await cli.database.client.customer.findFirstOrThrow();
    const ended = await cli.run(onboard(write([`a,Other name,a.eu.qlikcloud.com`, row('b')]), '--json'));
    expect([ended.code, error(ended).code]).toEqual([1, 'CUSTOMERS_NOT_ONBOARDED']);
    expect(json(ended).rows).toMatchObject([
      { line: 2, state: 'refused', code: 'EXTERNAL_ID_TAKEN', customerId: id },
      { line: 3, state: 'queued', code: null },
    ]);
  });

  it('says with --dry-run what would be accepted, and writes nobody', async () => {
    await cli.run(onboard(write([row('a')])));
    const ended = await cli.run(onboard(write([row('a'), row('b')]), '--dry-run', '--json'));
    expect(json(ended)).toMatchObject({ dryRun: true, counts: { refused: 1, acceptable: 1 } });
    expect(await count()).toBe(1);
  });

  it('goes on where it was killed: each customer is made once', async () => {
    const file = write(many(400));
    const killed = cli.start(onboard(file));
    await killed.says(/40 of 400 accepted/);
    killed.signal('SIGKILL');
    expect((await killed.ended).code).toBeNull();
    const before = await cli.database.client.customer.findMany();
    expect(before.length).toBeGreaterThanOrEqual(40);
    expect(before.length).toBeLessThan(400);
    const ended = await cli.run(onboard(file));
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('400 of 400 accepted') });
    const after = await cli.database.client.customer.findMany({ include: { runs: true } });
    expect([after.length, new Set(after.map(({ externalId }) => externalId)).size]).toEqual([400, 400]);
    expect(after.filter(({ runs }) => runs.length !== 1)).toEqual([]);
    expect(after.map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
    expect(results().map(([line]) => Number(line))).toEqual(Array.from({ length: 400 }, (_, index) => index + 2));
  });

  it('waits with --wait until every run has ended, and ends with 1 if one was no success', async () => {
    const waiting = cli.start(onboard(write(many(2)), '--wait', '--json'));
    const runs = await untilRuns(2);
    await cli.query(`UPDATE runs SET state = 'succeeded', finished_at = now(), holds_slot = false WHERE id = $1`, [
      runs[0],
    ]);
    await cli.query(
      `UPDATE runs SET state = 'failed', finished_at = now(), holds_slot = false, error = '{"code": "X", "message": "why"}' WHERE id = $1`,
      [runs[1]],
    );
    const ended = await waiting.ended;
    expect([ended.code, error(ended).code]).toEqual([1, 'CUSTOMERS_NOT_ONBOARDED']);
    expect(json(ended)).toMatchObject({ counts: { succeeded: 1, failed: 1 } });
    expect(results().map((cells) => cells.slice(4).join())).toEqual(
      expect.arrayContaining(['succeeded,,', 'failed,X,why']),
    );
  });

  it('ends at Ctrl-C with 130, what it knows written down, and how to go on', async () => {
    const waiting = cli.start(onboard(write(many(2)), '--wait'));
    await waiting.says(/2 of 2 accepted/);
    waiting.signal('SIGINT');
    const ended = await waiting.ended;
    expect(ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringContaining('run the same command again'),
    });
    expect(results()).toHaveLength(2);
  });

  it.each([
    ['no file', () => onboard(join(folder, 'none.csv')), 2, 'CUSTOMERS_FILE_INVALID', 'ENOENT'],
    ['no CSV', () => onboard(write(['a,"b'])), 2, 'CUSTOMERS_FILE_INVALID', 'not closed'],
    ['the file for its results', () => onboard(write([]), '--results', write([])), 2, 'USAGE', '--results'],
    [
      'nowhere for its results',
      () => onboard(write([row('a')]), '--results', join(folder, 'no', 'r.csv')),
      1,
      'RESULTS_FILE_UNWRITABLE',
      'ENOENT',
    ],
  ])('accepts nothing with %s', async (_what, args, code, name, message) => {
    const ended = await cli.run([...args(), '--json']);
    expect([ended.code, ended.stdout, error(ended)]).toEqual([
      code,
      '',
      { code: name, message: expect.stringContaining(message) },
    ]);
    expect(await count()).toBe(0);
  });

  it('refuses text that is not UTF-8, as older spreadsheets write it', async () => {
    const file = write([]);
    writeFileSync(
      file,
      Buffer.concat([Buffer.from(`${HEADER}\na,M`), Buffer.from([0xfc]), Buffer.from('ller,a.eu.qlikcloud.com\n')]),
    );
    const ended = await cli.run(onboard(file, '--json'));
    expect([ended.code, error(ended).message]).toEqual([2, expect.stringContaining('UTF-8')]);
  });
});

/** The ids of the runs, once there are so many. */
async function untilRuns(wanted: number): Promise<string[]> {
  for (;;) {
    const runs = await cli.database.client.run.findMany({ select: { id: true } });
    if (runs.length === wanted) return runs.map(({ id }) => id);
    await new Promise(setImmediate);
  }
}
