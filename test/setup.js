import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs that the tests start, by the Debian package that has each. */
const NEEDED = [
  {
    program: 'redis-server',
    aptPackage: 'redis-server',
    use: 'integration and chaos tests start Redis on a port of their own',
  },
  { program: 'chromium', aptPackage: 'chromium', use: 'the end-to-end tests open the dashboard in it' },
];

const missing = NEEDED.filter(({ program, use }) => {
  const path = find(program);
  say(path === undefined ? `${program}: not installed (${use}).` : `${program}: ${path}`);
  return path === undefined;
});
if (missing.length === 0) {
  say('Everything the tests need is installed.');
} else {
  install(missing.map(({ aptPackage }) => aptPackage));
}

function install(packages) {
  const commands = [
    ['apt-get', 'update'],
    ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages],
  ];
  if (!existsSync('/etc/debian_version')) {
    fail(`This is no Debian or Ubuntu system. Install with its own package manager: ${packages.join(', ')}.`);
  }
  if (process.getuid?.() !== 0) {
    fail(`Installing needs root. Run:\n  ${commands.map((command) => `sudo ${command.join(' ')}`).join(' && ')}`);
  }
  for (const [command, ...args] of commands) {
    say(`> ${command} ${args.join(' ')}`);
    const { status, error } = spawnSync(command, args, {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0)
      fail(`${command} ${args[0]} failed (${error?.message ?? `exit status ${status}`}): see its output above.`);
  }
  const absent = missing.filter(({ program }) => find(program) === undefined).map(({ program }) => program);
  if (absent.length > 0) fail(`Installed, but still not on PATH: ${absent.join(', ')}.`);
  say(`Installed ${packages.join(', ')}.`);
}

function find(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
