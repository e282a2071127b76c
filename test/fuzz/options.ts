import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { WalkOptions } from './walk.js';

/** Reads the arguments. Throws an Error that says what is wrong with them. */
export function parseOptions(args: readonly string[]): WalkOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: `${randomInt(2 ** 31)}` },
      requests: { type: 'string', default: '10000' },
      path: { type: 'string' },
    },
  });
  const { seed, requests, path } = values;
  if (!/^-?\d{1,10}$/.test(seed)) throw new Error(`--seed: "${seed}" is not a whole number.`);
  if (!/^[1-9]\d{0,6}$/.test(requests)) throw new Error(`--requests: "${requests}" is not a number of requests.`);
  if (path !== undefined && !/^\d+(?::\d+)*$/.test(path))
    throw new Error(`--path: "${path}" is not the number of a request.`);
  return { seed: Number(seed), requests: Number(requests), path };
}
