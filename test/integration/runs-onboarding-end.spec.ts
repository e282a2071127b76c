import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CustomerStates } from '@app/customers';
import type { CustomerState } from '@app/platform';
import type { Plan, RunOutcome } from '@app/runs';
import { OnboardingPlan } from '../../libs/provisioning/src/onboarding/onboarding.plan.js';
import { RunsHarness } from './runs-harness.js';

let harness: RunsHarness;
let onboarding: Plan;

beforeAll(async () => {
  harness = await RunsHarness.start();
  const steps = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name })) as never[];
  const [a, b, c, d, e] = steps as [never, never, never, never, never];
  onboarding = new OnboardingPlan(a, b, c, d, e, new CustomerStates());
});
afterAll(() => harness.close());

describe('the end of an onboarding', () => {
  it.each<[RunOutcome, CustomerState, CustomerState, string[]]>([
    ['succeeded', 'ready', 'ready', []],
    ['succeeded', 'degraded', 'ready', ['customer.ready']],
    ['needs_attention', 'onboarding', 'onboarding', []],
    ['needs_attention', 'ready', 'ready', []],
    ['failed', 'onboarding', 'failed', ['customer.failed']],
    ['failed', 'ready', 'degraded', ['customer.degraded']],
    ['failed', 'degraded', 'degraded', ['customer.degraded']],
    ['cancelled', 'onboarding', 'failed', ['customer.cancelled']],
    ['cancelled', 'ready', 'failed', ['customer.cancelled']],
    ['cancelled', 'degraded', 'failed', ['customer.cancelled']],
  ])('that %s takes a customer from %s to %s', async (outcome, from, to, actions) => {
    const customerId = await harness.customer();
    await harness.database.client.customer.update({ where: { id: customerId }, data: { state: from } });
    const run = { id: 'r1', customerId, plan: 'onboarding', input: {}, actor: 'test', requestId: 'request-1' };
    const error = outcome === 'failed' ? { code: 'TEST_CODE', message: 'What happened.' } : null;
    const events = await harness.database.sqlTransaction((tx) => onboarding.onEnd(tx, run, outcome, error));
    const customer = await harness.database.client.customer.findUniqueOrThrow({ where: { id: customerId } });
    expect(customer.state).toBe(to);
    expect(events.map(({ action }) => action)).toEqual(actions);
  });
});
