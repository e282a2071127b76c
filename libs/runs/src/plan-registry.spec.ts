import { describe, expect, it } from '@jest/globals';
import type { Plan } from './plan.js';
import { PlanRegistry } from './plan-registry.js';
import type { Step } from './step.js';

const planOf = (name: string, ...steps: string[]) =>
  ({ name, steps: steps.map((step) => ({ name: step }) as Step) }) as unknown as Plan;

describe('PlanRegistry', () => {
  const onboarding = planOf('onboarding', 'check', 'create');
  const registry = new PlanRegistry([onboarding, planOf('rotation', 'check', 'mint')]);

  it('finds plans and steps by name', () => {
    expect(registry.getPlanOf({ plan: 'onboarding', customerId: 'c1' })).toBe(onboarding);
    expect(registry.getStep(onboarding, 'create')).toBe(onboarding.steps[1]);
  });

  it('names steps with their plan, so that two plans may each have one of that name', () => {
    expect(registry.planNames).toEqual(['onboarding', 'rotation']);
    expect(registry.stepNames).toEqual(['onboarding/check', 'onboarding/create', 'rotation/check', 'rotation/mint']);
  });

  it('says what it does not know', () => {
    expect(() => registry.getPlanOf({ plan: 'offboarding', customerId: 'c1' })).toThrow('"offboarding"');
    expect(() => registry.getStep(onboarding, 'mint')).toThrow('The plan "onboarding" has no step "mint"');
  });

  it('gives no plan a run of the other kind: with a customer, or without one', () => {
    const preflight = { ...planOf('preflight', 'try'), withoutCustomer: true } as unknown as Plan<null>;
    const both = new PlanRegistry([onboarding, preflight]);
    expect(both.getPlanOf({ plan: 'preflight', customerId: null })).toBe(preflight);
    expect(() => both.getPlanOf({ plan: 'preflight', customerId: 'c1' })).toThrow('"preflight" has a customer');
    expect(() => both.getPlanOf({ plan: 'onboarding', customerId: null })).toThrow('"onboarding" has no customer');
  });

  it.each([
    ['a plan', [planOf('a', 'x'), planOf('a', 'y')], '"a"'],
    ['a step', [planOf('a', 'x', 'y', 'x')], '"a/x"'],
  ])('refuses %s that is registered twice', (_what, plans, name) => {
    expect(() => new PlanRegistry(plans)).toThrow(`${name} is registered twice`);
  });
});
