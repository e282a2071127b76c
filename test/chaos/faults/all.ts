import type { Fault } from '../fault.js';
import { forgedNames, redirects } from './addresses.js';
import { allAtOnce } from './all-at-once.js';
import { strangeAnswers } from './answers-of-another-kind.js';
import { silentSweeps, skewedClocks, sweeps } from './clocks-and-sweeps.js';
import { deathsAtAwaits } from './deaths-at-awaits.js';
import { duplicates } from './deliveries.js';
import { exitsAtBoundaries } from './exits-at-boundaries.js';
import { fullDisks } from './full-disk.js';
import { peopleAtQlik } from './people-at-qlik.js';
import { postgresOutages } from './postgres-outages.js';
import { hangs, rateLimits, resets, serverErrors } from './qlik-answers.js';
import { redisFailovers, redisOutages } from './redis-outages.js';
import { restoredDatabase } from './restored-database.js';
import { answersToRotations, slowSecrets } from './rotation/answers.js';
import { changedKeys } from './rotation/changed-keys.js';
import { deathsInRotations, exitsInRotations } from './rotation/deaths.js';
import { peopleInRotations } from './rotation/people.js';
import {
  allAtOnceInRotations,
  frozenInRotations,
  killedInRotations,
  postgresInRotations,
  redisInRotations,
  restartedInRotations,
  silentSweepsOfRotations,
  skewedInRotations,
  sweepsOfRotations,
} from './rotation/processes.js';
import { webhookReceivers } from './webhook-receivers.js';
import { frozenWorkers, killedWorkers, rollingRestart } from './worker-ends.js';

/** The fault table in its order. */
export const faults: readonly Fault[] = [
  exitsAtBoundaries,
  deathsAtAwaits,
  resets,
  serverErrors,
  hangs,
  rateLimits,
  killedWorkers,
  frozenWorkers,
  redisOutages,
  redisFailovers,
  postgresOutages,
  duplicates,
  sweeps,
  silentSweeps,
  skewedClocks,
  rollingRestart,
  peopleAtQlik,
  strangeAnswers,
  forgedNames,
  redirects,
  webhookReceivers,
  fullDisks,
  restoredDatabase,
  allAtOnce,
  exitsInRotations,
  deathsInRotations,
  answersToRotations,
  slowSecrets,
  killedInRotations,
  frozenInRotations,
  redisInRotations,
  postgresInRotations,
  sweepsOfRotations,
  silentSweepsOfRotations,
  skewedInRotations,
  restartedInRotations,
  changedKeys,
  peopleInRotations,
  allAtOnceInRotations,
];
