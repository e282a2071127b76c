import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const npm = (...options: string[]) =>
  run('npm', [...options, '--offline', '--ignore-scripts', '--no-audit', '--no-fund']);
const CLIENT = 'clients/typescript';

/** The folders of a package and of all that it needs. */
async function foldersOf(folder: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(folder)) return seen;
  seen.add(folder);
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) await foldersOf(resolve('node_modules', name), seen);
  return seen;
}

describe('the package of the typed client', () => {
  let folder: string;
  let app: string;
  let packed: { name: string; files: { path: string }[] }[];

  /** An empty app into which the packed client was installed, with no network. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typed-client-'));
    app = join(folder, 'app');
    await mkdir(app);
    await writeFile(join(app, 'package.json'), '{"name": "app", "private": true, "type": "module"}');
    const folders = [...(await foldersOf(resolve(CLIENT)))];
    packed = JSON.parse((await npm('pack', ...folders, '--json', '--pack-destination', folder)).stdout);
    const tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz')).map((name) => join(folder, name));
    await npm('install', ...tarballs, '--prefix', app);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Runs a module in the app and returns what it prints. */
  async function print(code: string): Promise<string> {
    await writeFile(join(app, 'main.js'), code);
    return (await run(process.execPath, ['main.js'], { cwd: app })).stdout.trim();
  }

  /** What a bundler makes of a module of the app. */
  async function bundle(code: string): Promise<string> {
    const [entry, out] = [join(app, 'entry.js'), join(app, 'bundle')];
    await writeFile(entry, code);
    const lib = { entry, formats: ['es'], fileName: 'bundle' };
    const options = { root: app, configFile: false, logLevel: 'silent', build: { outDir: out, minify: false, lib } };
    // A process of its own: the bundler is native code, which has no place in the tests' sandbox.
    const script = `import { build } from ${JSON.stringify(import.meta.resolve('vite'))}; await build(${JSON.stringify(options)});`;
    await run(process.execPath, ['--input-type=module', '--eval', script]);
    return readFile(join(out, 'bundle.js'), 'utf8');
  }

  it('holds what is built, its manual and its licence', () => {
    const paths = packed.find(({ name }) => name === 'tenant-provisioner-client')!.files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js']));
    const others = paths.filter(
      (path) => !/^(LICENSE|README\.md|package\.json|dist\/[\w/-]+(\.d\.ts|\.js))$/.test(path),
    );
    expect(others).toEqual([]);
    expect(paths.filter((path) => /spec|test/.test(path))).toEqual([]);
  });

  it('is imported by plain Node', async () => {
    const names = await print(
      "import * as client from 'tenant-provisioner-client'; console.log(Object.keys(client).join(' '));",
    );
    expect(names.split(' ')).toEqual(expect.arrayContaining(['createClient', 'unwrap', 'verifyWebhook', 'waitForRun']));
  });

  it('leaves out of a bundle what is not imported', async () => {
    const exporting = (name: string) => bundle(`export { ${name} } from 'tenant-provisioner-client';`);
    const [http, webhooks] = [/bodySerializer|authorization|retry-after|\/v1\//i, /webhook|sha256|base64/i];
    const verifier = await exporting('verifyWebhook');
    expect(verifier).toMatch(webhooks);
    expect(verifier).not.toMatch(http);
    const client = await exporting('createClient');
    expect(client).toMatch(http);
    expect(client).not.toMatch(webhooks);
  });

  it.each([
    ['Node', 'nodenext', 'nodenext'],
    ['bundlers', 'esnext', 'bundler'],
  ])(
    'has types, as %s resolve modules, with which the examples of its manual compile',
    async (_who, ...[module, how]) => {
      const manual = await readFile(join(CLIENT, 'README.md'), 'utf8');
      const examples = [...manual.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!);
      expect(examples.length).toBeGreaterThan(5);
      await writeFile(join(app, 'manual.ts'), examples.join('\n'));
      const options = ['--module', module, '--moduleResolution', how, '--target', 'es2022', '--lib', 'es2022,dom'];
      const nodeTypes = ['--types', 'node', '--typeRoots', resolve('node_modules/@types')];
      const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
      const strict = ['--noEmit', '--strict', '--skipLibCheck', '--exactOptionalPropertyTypes'];
      const compiled = run(process.execPath, [tsc, ...options, ...nodeTypes, ...strict, 'manual.ts'], { cwd: app });
      expect(await compiled.catch(({ stdout }: { stdout: string }) => ({ stdout }))).toMatchObject({ stdout: '' });
    },
  );
});
