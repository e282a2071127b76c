import { inspect } from 'node:util';
import fc from 'fast-check';
import { bringToItsEnd } from './operator.js';
import { liveThrough, openWorld, type Schedule, schedules } from './schedule.js';
import { judgeEnd, judgeMoment } from './verdict.js';
import { Violation } from './violation.js';
import type { BrokenProtocol, World } from './world.js';

/** How the model is run: how many schedules, from which seed, and with what taken out of the protocol. */
export interface ModelOptions {
  schedules: number;
  seed: number;
  broken?: BrokenProtocol;
  /** Of a counterexample: goes to it at once. */
  path?: string | undefined;
  /** Makes a counterexample as small as it gets, which takes as long as many schedules; true unless told. */
  shrink?: boolean;
}

/** What came of it. */
export interface ModelResult {
  /** How many were lived through. */
  schedules: number;
  counterexample?: Counterexample;
}

/** A schedule in which something happens that must not. */
export interface Counterexample {
  violation: string;
  seed: number;
  path: string;
  schedule: Schedule;
  /** What happened in it, in order. */
  story: string[];
}

/** Lets the product's own steps live through schedules at random until one of them shows a violation. The same seed gives the same schedules. */
export async function runModel(options: ModelOptions): Promise<ModelResult> {
  const { broken, seed, path } = options;
  const property = fc.asyncProperty(schedules, async (schedule) => {
    const { violation } = await live(schedule, broken);
    if (violation !== undefined) throw violation;
  });
  const result = await fc.check(property, {
    numRuns: options.schedules,
    seed,
    ...(path === undefined ? {} : { path }),
    endOnFailure: options.shrink === false,
  });
  const [schedule] = result.counterexample ?? [];
  if (!result.failed || schedule === undefined) return { schedules: result.numRuns };
  const { violation, world } = await live(schedule, broken);
  return {
    schedules: result.numRuns,
    counterexample: {
      violation: violation === undefined ? 'It did not happen a second time.' : tell(violation),
      seed: result.seed,
      path: result.counterexamplePath ?? '',
      schedule,
      story: world.story,
    },
  };
}

/** A counterexample for people: what went wrong, how to see it again, and what happened. */
export function describeCounterexample({ violation, seed, path, story }: Counterexample): string {
  const again = `MODEL_SEED=${seed} MODEL_PATH=${path} npm run jest -- --selectProjects model`;
  return [violation, `Again: ${again}`, ...story].join('\n');
}

/** What is broken says enough; what a worker died of needs its stack. */
const tell = (error: Error): string =>
  error instanceof Violation && error.cause === undefined ? error.message : inspect(error);

/** One schedule, from acceptance to the end. */
async function live(
  schedule: Schedule,
  broken: BrokenProtocol | undefined,
): Promise<{ world: World; violation?: Error }> {
  const world = openWorld(schedule, broken);
  try {
    await liveThrough(world, schedule, judgeMoment);
    await bringToItsEnd(world);
    judgeEnd(world);
    return { world };
  } catch (violation) {
    return { world, violation: violation as Error };
  }
}
