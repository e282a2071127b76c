import type { QlikOperation } from '@app/qlik';
import fc from 'fast-check';
import type { Fault } from './qlik-errors.js';
import type { MakersShown } from './simulated-qlik.js';
import { Execution } from './simulated-worker.js';
import { ASSUMED_LAG_MS, SETTLE_MS } from './times.js';
import { type BrokenProtocol, World } from './world.js';

/** Everything that chance decides in one life of the simulation. */
export interface Schedule {
  customers: number;
  /** How long Qlik's lists lag, as a part of what is assumed. */
  lag: number;
  /** Where Qlik says who made a secret. */
  makers: MakersShown;
  /** How wrong the workers' own clocks are, in ms. */
  skewMs: number;
  /** The POSTs whose first answer is lost. */
  lost: QlikOperation[];
  /** Whether the worker that first intends a POST is stopped before it hears that its intent is committed. */
  stopsAtIntent: boolean;
  /** Moves without any trouble at the beginning. */
  quiet: number;
  moves: number[];
}

const WORKERS = 3;

/** From which a move takes what it needs: a multiple of every number of things to choose from. */
const CHOICES = 48;

const TIMES_MS = [1_000, 4_000, 15_000, 21_000, 45_000, 61_000, 95_000];
const FAULTS: Fault[] = ['reset-after', 'reset-before', 'rate-limited', 'same-hint', 'bad-request', 'forbidden'];
const STRUCK: QlikOperation[] = [
  'create-oauth-client',
  'create-client-secret',
  'delete-oauth-client',
  'delete-client-secret',
  'list-oauth-clients',
  'get-oauth-client',
  'patch-connection-config',
  'token',
];

interface Move {
  weight: number;
  make: (world: World, choice: number) => Promise<void> | void;
}

/** What can happen next; the first, which a shrunk schedule consists of, is that work goes on. */
const MOVES: Move[] = [
  { weight: 150, make: (world, choice) => stepOrDeliver(world, choice, true) },
  { weight: 30, make: (world, choice) => stepOrDeliver(world, choice, false) },
  { weight: 20, make: (world, choice) => world.advance(pick(TIMES_MS, choice)) },
  { weight: 12, make: (world, choice) => deliver(world, choice) },
  { weight: 22, make: (world, choice) => addFault(world, choice) },
  { weight: 12, make: (world) => world.qlik.carryOut() },
  { weight: 14, make: (world, choice) => crash(world, choice) },
  { weight: 14, make: (world, choice) => stop(world, choice) },
  { weight: 6, make: (world, choice) => goOn(world, choice, false) },
  { weight: 8, make: (world, choice) => goOn(world, choice, true) },
  { weight: 3, make: (world, choice) => void (pick(world.workers, choice).isCutOff = choice % 2 === 0) },
  { weight: 3, make: (world, choice) => void (pick(world.workers, choice).isEnding = true) },
  { weight: 2, make: (world, choice) => cancel(world, choice) },
  { weight: 4, make: (world, choice) => retry(world, choice) },
  { weight: 3, make: (world, choice) => world.qlik.addForeignSecret(pickRun(world, choice).tenantHost) },
  { weight: 2, make: (world, choice) => atTenant(world, choice) },
  { weight: 2, make: (world, choice) => world.qlik.imitateClient(pickRun(world, choice).tenantHost) },
  { weight: 2, make: (world) => world.database.backUp() },
  { weight: 2, make: (world) => restore(world) },
];

/** The moves, each as often as it weighs. */
const TABLE = MOVES.flatMap((move, index) => Array.from({ length: move.weight }, () => index));

/** Schedules at random; every number of one is a move and its choice. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  customers: fc.constantFrom(1, 1, 1, 2),
  lag: fc.constantFrom(1, 0),
  makers: fc.constantFrom<MakersShown>('everywhere', 'everywhere', 'in lists', 'nowhere'),
  skewMs: fc.constantFrom(0, 600_000),
  lost: fc.subarray<QlikOperation>(['create-oauth-client', 'create-client-secret']),
  stopsAtIntent: fc.constantFrom(false, false, false, true),
  quiet: fc.nat({ max: 30 }),
  moves: fc.array(fc.nat({ max: TABLE.length * CHOICES - 1 }), { minLength: 5, maxLength: 60, size: 'max' }),
});

/** A new world for a schedule. */
export function openWorld(schedule: Schedule, broken: BrokenProtocol | undefined): World {
  const world = new World(
    broken,
    WORKERS,
    schedule.lag * (broken === 'lag above the assumed' ? 4 * SETTLE_MS : ASSUMED_LAG_MS),
  );
  world.qlik.makersShown = schedule.makers;
  for (const worker of world.workers) worker.skewMs = schedule.skewMs * (worker.index - 1);
  for (let index = 0; index < schedule.customers; index += 1) world.accept(`c${index}`);
  world.stopsAtIntent = schedule.stopsAtIntent;
  for (const operation of schedule.lost) world.qlik.addFault('reset-after', operation);
  return world;
}

/** Lives through the schedule; `look` is called after every move. */
export async function liveThrough(world: World, schedule: Schedule, look: (world: World) => void): Promise<void> {
  for (const move of [...Array.from({ length: schedule.quiet }, () => 0), ...schedule.moves]) {
    await makeMove(world, move);
    look(world);
  }
}

async function makeMove(world: World, number: number): Promise<void> {
  const index = TABLE[number % TABLE.length] ?? 0;
  await MOVES[index]?.make(world, Math.floor(number / TABLE.length));
}

async function stepOrDeliver(world: World, choice: number, wholly: boolean): Promise<void> {
  const able = world.executions.filter(({ worker }) => !worker.isStopped);
  if (able.length > 0) return pick(able, choice).step(wholly);
  const due = world.database.nextDueAt();
  if (due !== undefined && due > world.now) world.advance(due - world.now);
  return deliver(world, choice);
}

async function deliver(world: World, choice: number): Promise<void> {
  const worker = pick(world.workers, choice);
  if (worker.executions.length === 0) worker.isEnding = false;
  if (worker.isStopped || worker.isEnding || worker.executions.length >= 2) return;
  await new Execution(world, worker, pickRun(world, Math.floor(choice / world.workers.length)).id).start();
}

function addFault(world: World, choice: number): void {
  world.qlik.addFault(pick(FAULTS, choice), pick(STRUCK, Math.floor(choice / FAULTS.length)));
}

function crash(world: World, choice: number): void {
  const busy = world.workers.filter(({ executions }) => executions.length > 0);
  if (busy.length === 0) return;
  const worker = pick(busy, choice);
  world.tell(`worker ${worker.index} dies`);
  world.crash(worker);
}

/** Stops a process, perhaps between a statement and its answer. */
async function stop(world: World, choice: number): Promise<void> {
  const busy = world.workers.filter(({ executions, isStopped }) => executions.length > 0 && !isStopped);
  if (busy.length === 0) return;
  const worker = pick(busy, choice);
  if (choice % 2 === 0) await worker.executions[0]?.step(false);
  world.tell(`worker ${worker.index} is stopped`);
  world.stop(worker);
}

async function goOn(world: World, choice: number, slipping: boolean): Promise<void> {
  const stopped = world.workers.filter(({ isStopped }) => isStopped);
  if (stopped.length === 0) return;
  const worker = pick(stopped, choice);
  world.tell(`worker ${worker.index} goes on`);
  await world.goOn(worker, slipping ? async () => worker.executions[0]?.slip() : undefined);
}

function cancel(world: World, choice: number): void {
  const run = pickRun(world, choice);
  if (world.database.cancel(run)) world.tell(`${run.id} is cancelled`);
}

function retry(world: World, choice: number): void {
  const run = pickRun(world, choice);
  if (world.database.retry(run)) world.tell(`${run.id} is retried`);
}

function atTenant(world: World, choice: number): void {
  const { tenantHost } = pickRun(world, choice);
  if (choice % 2 === 0) world.qlik.deleteClientByHand(tenantHost);
  else world.qlik.deleteSecretByHand(tenantHost);
}

/** As the runbook says: stop the workers, restore, and start not before everything that was sent must show. */
function restore(world: World): void {
  if (!world.database.hasBackup) return;
  for (const worker of world.workers) world.crash(worker);
  world.database.restore();
  world.isRestored = true;
  world.tell('the database is restored');
  world.advance(SETTLE_MS);
}

const pickRun = (world: World, choice: number) => pick(world.database.tables.runs, choice);

function pick<T>(all: readonly T[], choice: number): T {
  const picked = all[choice % all.length];
  if (picked === undefined) throw new Error('There is nothing to pick from.');
  return picked;
}
