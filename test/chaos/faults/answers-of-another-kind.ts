import type { Disturbance, Fault, Mend, Scene } from '../fault.js';
import { together } from '../repeatedly.js';
import { hostOf } from '../rig/signup-backend.js';
import { respawnWorkers } from './respawn-workers.js';

/** One customer in so many is of the kind. */
const POISON_EVERY = 50;
const DRIFT_EVERY = 5;
const SECRETLESS_EVERY = 5;

const kindOf = (index: number): 'poison' | 'drift' | 'secretless' | 'plain' => {
  if (index % POISON_EVERY === 7) return 'poison';
  if (index % DRIFT_EVERY === 0) return 'drift';
  return index % SECRETLESS_EVERY === 1 ? 'secretless' : 'plain';
};

const kind = ({ names }: Scene, name: string) => kindOf(names.indexOf(name));

const isPoison = (name: string): boolean => name.endsWith('-poison');

/** What Qlik might answer tomorrow: a success without what we read, each until it is mended. */
const drifts: readonly object[] = [
  { operation: 'token', status: 200, body: { access_token: 'x' } },
  { operation: 'token', status: 200, body: [] },
  { operation: 'list', status: 200, body: { data: [{ clientId: 'x' }] } },
  { operation: 'list', status: 200, body: { items: [] } },
  { operation: 'get', status: 200, body: { id: 'x' } },
  { operation: 'get', status: 200, body: 'maintenance' },
];

/** A client of which Qlik says everything but the secret. */
const secretless = {
  operation: 'create',
  status: 201,
  after: true,
  body: { clientId: 'x', clientName: 'x', appType: 'web', createdAt: '2026-01-01T00:00:00Z' },
  times: 1,
};

/** Only what drifted needs somebody; any other run that stopped stays as it is, and counts. */
const retryDrifted: Mend = (scene, { name }, { error }) =>
  Promise.resolve(kind(scene, name) === 'drift' && error?.code === 'QLIK_UNREADABLE' ? 'retry' : 'leave');

/** F16 */
export const strangeAnswers: Fault = {
  id: 'F16',
  title: 'a run that kills its worker; schema drift; 201 without a secret',
  full: 500,
  workersEnd: true,
  workers: () => {
    const setup = { edits: ['poison'], env: { WORKER_CONCURRENCY: '4' } };
    return [setup, setup, setup];
  },
  begin: async (scene): Promise<Disturbance> => {
    for (const name of scene.names) {
      const aim = { kind: 'status', tenantHost: hostOf(name) };
      if (kind(scene, name) === 'drift') await scene.rig.sandbox.addFault({ ...scene.random.pick(drifts), ...aim });
      if (kind(scene, name) === 'secretless') await scene.rig.sandbox.addFault({ ...secretless, ...aim });
    }
    return together(respawnWorkers(scene), { end: () => scene.rig.sandbox.clearFaults() });
  },
  accept: async (scene, name) => scene.backend.onboard(kind(scene, name) === 'poison' ? `${name}-poison` : name),
  neverReady: isPoison,
  mayStopWith: ['WORKER_LOST'],
  mend: retryDrifted,
};
