import { describe, expect, it } from '@jest/globals';
import type { CustomerState } from '@app/platform';
import { assertCustomerTransition, CUSTOMER_TRANSITIONS } from './customer-states.js';

const states = Object.keys(CUSTOMER_TRANSITIONS) as CustomerState[];
const allowed = new Set([
  'onboarding>ready',
  'onboarding>failed',
  'onboarding>offboarding',
  'ready>degraded',
  'ready>failed',
  'ready>offboarding',
  'degraded>ready',
  'degraded>failed',
  'degraded>offboarding',
  'failed>onboarding',
  'failed>offboarding',
  'offboarding>offboarded',
]);

describe('customer states', () => {
  it.each(states.flatMap((from) => states.map((to) => ({ from, to }))))('$from > $to', ({ from, to }) => {
    const attempt = () => assertCustomerTransition(from, to);
    if (allowed.has(`${from}>${to}`)) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(`A customer cannot go from "${from}" to "${to}".`);
  });
});
