import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ablations as allAblations } from './ablations/ablations.js';
import { faults } from './faults/all.js';
import { MODEL_ID } from './model.js';
import { type Backend, backends } from './rig/rig.js';

/** What the command line asks for. */
export interface ChaosOptions {
  profile: 'ci' | 'full';
  seed: number;
  /** Ids of faults in the order of the table, or names of ablations. */
  only: readonly string[];
  backends: readonly Backend[];
  ablations: boolean;
}

/** Reads the arguments. Throws an Error that says what is wrong with them. */
export function parseOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      profile: { type: 'string', default: 'ci' },
      seed: { type: 'string', default: `${randomInt(4_294_967_296)}` },
      only: { type: 'string' },
      backend: { type: 'string' },
      ablations: { type: 'boolean', default: false },
    },
  });
  const { profile, seed, only, backend, ablations } = values;
  if (profile !== 'ci' && profile !== 'full') throw new Error(`--profile: "${profile}" is neither ci nor full.`);
  if (!/^\d{1,10}$/.test(seed)) throw new Error(`--seed: "${seed}" is not a whole number.`);
  const ids = ablations ? allAblations.map(({ name }) => name) : [...faults.map(({ id }) => id), MODEL_ID];
  const chosen = only?.split(',') ?? ids;
  for (const id of chosen)
    if (!ids.includes(id)) throw new Error(`--only: there is no "${id}"; there are ${ids.join(', ')}.`);
  const chosenBackends = backends.filter((name) => backend === undefined || name === backend);
  if (chosenBackends.length === 0) throw new Error(`--backend: "${backend}" is neither ${backends.join(' nor ')}.`);
  return {
    profile,
    seed: Number(seed),
    only: ids.filter((id) => chosen.includes(id)),
    backends: chosenBackends,
    ablations,
  };
}
