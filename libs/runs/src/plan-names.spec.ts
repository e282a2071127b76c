import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { PLAN_NAMES } from './plan-names.js';

it('PLAN_NAMES has the plans that there are steps for', () => {
  const source = readFileSync('libs/provisioning/src/plans.ts', 'utf8');
  const plans = [...source.matchAll(/name: '([a-z-]+)',\s*steps: \[/g)].map((match) => match[1]);
  expect(plans).toEqual([...PLAN_NAMES]);
});
