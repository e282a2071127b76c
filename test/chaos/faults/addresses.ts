import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disturbance, Fault, Scene } from '../fault.js';
import type { Rig } from '../rig/rig.js';
import { hostOf } from '../rig/signup-backend.js';
import type { WorkerSetup } from '../rig/workers.js';

const PUBLIC = '20.76.201.171';
const PUBLIC_V6 = '2603:1020:201:10::10f';
const METADATA = '169.254.169.254';

/** What look-ups of a tenant's name answer, one after the other. */
const forged: readonly (readonly (readonly string[])[])[] = [
  [['10.0.0.7']],
  [['172.16.3.4']],
  [['192.168.1.1']],
  [['100.64.0.1']],
  [['0.0.0.0']],
  [['127.0.0.1']],
  [['::1']],
  [[METADATA]],
  [['fe80::1']],
  [['fd00:ec2::254']],
  [[`::ffff:${METADATA}`]],
  [['64:ff9b::a9fe:a9fe']],
  [[PUBLIC, '10.0.0.7']],
  [[PUBLIC_V6, '::1']],
];
/** Public when asked first, and not from then on. */
const rebinding: readonly (readonly (readonly string[])[])[] = [
  [[PUBLIC], [METADATA]],
  [[PUBLIC_V6], ['127.0.0.1']],
];
/** A name that nobody knows. */
const UNKNOWN_EVERY = 20;

const folderOf = (rig: Rig): string => join(rig.folder, 'names');

function setUp(rig: Rig, env: NodeJS.ProcessEnv): readonly WorkerSetup[] {
  const setup = { edits: ['name-answers'], env: { CHAOS_NAMES_FOLDER: folderOf(rig), ...env } };
  return [setup, setup, setup];
}

/** The addresses that were connected to, but for the sandbox's. */
function readConnections(rig: Rig): string[] {
  const path = join(folderOf(rig), 'connections');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** Forgets the names. Throws when a worker went where it must not, or did not go where it may. */
function endWith(scene: Scene, expected: { publicConnections: number }): void {
  const connections = readConnections(scene.rig);
  rmSync(folderOf(scene.rig), { recursive: true });
  const forbidden = new Set(connections.filter((line) => ![PUBLIC, PUBLIC_V6].includes(line.split(' ')[1]!)));
  if (forbidden.size > 0)
    throw new Error(`Connections to addresses that are not public:\n${[...forbidden].join('\n')}`);
  if (connections.length < expected.publicConnections) {
    throw new Error(
      `${connections.length} connections were seen where ${expected.publicConnections} are allowed: nobody looks any more.`,
    );
  }
}

/** F17, names: nothing comes to be ready here, since no tenant can be reached. */
export const forgedNames: Fault = {
  id: 'F17',
  title:
    'names that lead to private, loopback and link-local addresses, in all their forms; DNS rebinding; an unknown host',
  full: 200,
  workers: (rig) => setUp(rig, { QLIK_ENDPOINT: undefined }),
  begin: (scene): Promise<Disturbance> => {
    const folder = folderOf(scene.rig);
    mkdirSync(folder, { recursive: true });
    const first = scene.random.between(0, forged.length - 1);
    let publicConnections = 0;
    for (const [index, name] of scene.names.entries()) {
      const kind = index % UNKNOWN_EVERY;
      if (kind === 0) continue;
      if (kind <= rebinding.length) publicConnections += 1;
      const answers = rebinding[kind - 1] ?? forged[(first + index) % forged.length];
      writeFileSync(join(folder, hostOf(name)), JSON.stringify(answers));
    }
    return Promise.resolve({
      end: () => {
        endWith(scene, { publicConnections });
        return Promise.resolve(scene.names.length);
      },
    });
  },
  neverReady: () => true,
  mayStopWith: ['ADDRESS_NOT_ALLOWED', 'TENANT_NOT_FOUND'],
};

const redirect = {
  kind: 'status',
  status: 302,
  headers: { location: `http://${METADATA}/latest/meta-data/iam/security-credentials/` },
};

/** Redirected until it is mended, but for what makes something: that may have happened, and is asked for again. */
const redirected: readonly object[] = [
  { operation: 'token' },
  { operation: 'list', status: 301 },
  { operation: 'get', status: 307 },
  { operation: 'config-patch', status: 308 },
  { operation: 'create', times: 1 },
  { operation: 'create', times: 1, after: true, status: 303 },
];

/** F17, redirects. */
export const redirects: Fault = {
  id: 'F17r',
  title: 'redirects to the address where clouds keep credentials, from every call',
  full: 100,
  workers: (rig) => setUp(rig, {}),
  begin: async (scene): Promise<Disturbance> => {
    mkdirSync(folderOf(scene.rig), { recursive: true });
    for (const [index, name] of scene.names.entries()) {
      const where = redirected[index % redirected.length];
      await scene.rig.sandbox.addFault({ ...redirect, ...where, tenantHost: hostOf(name) });
    }
    return {
      end: async () => {
        const struck = await scene.rig.sandbox.clearFaults();
        endWith(scene, { publicConnections: 0 });
        return struck;
      },
    };
  },
  mend: (_scene, _signup, { error }) => Promise.resolve(error?.code === 'QLIK_UNREADABLE' ? 'retry' : 'leave'),
};
