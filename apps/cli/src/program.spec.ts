import { describe, expect, it } from '@jest/globals';
import { scopes } from '@app/access';
import { runProgram } from './program.js';

const run = async (...args: string[]) => {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    env: {},
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
};

const CREATE = ['api-keys', 'create', '--name', 'crm'];

describe('a command that is called wrongly', () => {
  it.each<[string, string[], string]>([
    ['an unknown command', ['frobnicate'], "unknown command 'frobnicate'"],
    ['an unknown subcommand', ['api-keys', 'frobnicate'], "unknown command 'frobnicate'"],
    ['an unknown option', ['migrate', '--force'], "unknown option '--force'"],
    ['an argument too many', ['migrate', 'now'], 'too many arguments'],
    ['an option that is missing', CREATE, "'--scopes <scopes>' not specified"],
    ['an argument that is missing', ['api-keys', 'revoke'], "'id'"],
    ['no key to replace', ['api-keys', 'replace'], "'id'"],
    ['too long an overlap', ['api-keys', 'replace', 'abcdefghijkl', '--overlap', '31d'], 'at most 30d'],
    [
      'an unknown scope',
      [...CREATE, '--scopes', 'runs:read,x'],
      `"x". The scopes are: ${Object.keys(scopes).join(', ')}`,
    ],
    ['an empty scope', [...CREATE, '--scopes', 'runs:read,'], 'no scope ""'],
    ['no duration', [...CREATE, '--scopes', 'runs:read', '--expires', '9'], 'at most 366d'],
    ['too long a life', [...CREATE, '--scopes', 'runs:read', '--expires', '367d'], 'at most 366d'],
    ['too long a link', ['operators', 'login-link', '--operator', 'jane', '--expires', '25h'], 'at most 1d'],
    ['no URL', ['operators', 'login-link', '--operator', 'jane', '--base-url', 'javascript:1'], 'https://'],
    ['no key to retire', ['keys', 'retire'], "'id'"],
    ['no action', ['audit', 'export', '--action', 'x'], 'no action "x"'],
    ['no instant', ['audit', 'export', '--from', 'yesterday'], '2026-01-31T00:00:00Z'],
    ['a year that no calendar has', ['audit', 'export', '--from', '0000-01-01T00:00:00Z'], 'years 1 to 9999'],
    ['that year by its offset', ['audit', 'export', '--to', '0001-01-01T00:00:00+00:01'], 'years 1 to 9999'],
    ['a year of five digits by its offset', ['audit', 'export', '--to=9999-12-31T23:59:59-00:01'], 'years 1 to 9999'],
    ['no client id', ['parent-clients', 'set', 'eu'], '--client-id'],
    ['no customer id', ['audit', 'verify', '--customer', 'acme'], 'UUID'],
  ])('ends with 2 and one sentence: %s', async (_what, args, message) => {
    const ended = await run(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
    const inJson = await run(...args, '--json');
    expect(inJson).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(inJson.stderr)).toEqual({
      error: { code: 'USAGE', message: expect.stringContaining(message) },
    });
  });

  it.each([[[]], [['api-keys']], [['keys']], [['operators']], [['webhooks']], [['audit']]])(
    'shows the help on standard error for %j, and with --json only that a command lacks',
    async (args: string[]) => {
      const ended = await run(...args);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toContain('Usage: cli');
      expect(JSON.parse((await run(...args, '--json')).stderr)).toMatchObject({ error: { code: 'USAGE' } });
    },
  );
});

describe('--help', () => {
  it.each([[[]], [['migrate']], [['api-keys', 'create']]])(
    'of %j documents the exit codes and --json',
    async (args: string[]) => {
      const ended = await run(...args, '--help');
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toMatch(/Exit codes:\n {2}0 .+\n {2}1 .+\n {2}2 .+\n {2}3 .+\n {2}130 /);
      expect(ended.stdout).toContain('--json');
    },
  );

  it('of api-keys create lists every scope', async () => {
    const { stdout } = await run('api-keys', 'create', '--help');
    for (const [name, meaning] of Object.entries(scopes)) expect(stdout).toContain(`${name}`.padEnd(17) + meaning);
  });
});

it('fails with 1 and the setting at fault where nothing is configured', async () => {
  const ended = await run('api-keys', 'list', '--json');
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  expect(JSON.parse(ended.stderr)).toEqual({
    error: { code: 'CONFIGURATION_INVALID', message: 'The configuration is not usable. DATABASE_URL: is missing' },
  });
});
