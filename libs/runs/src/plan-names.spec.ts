import { globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { PLAN_NAMES } from './plan-names.js';

it('PLAN_NAMES has the plans that there are steps for', () => {
  const plans = globSync('libs/provisioning/src/*/*.plan.ts').map(
    (file) => /readonly name = '([a-z-]+)'/.exec(readFileSync(file, 'utf8'))?.[1],
  );
  expect(plans.sort()).toEqual([...PLAN_NAMES].sort());
});
