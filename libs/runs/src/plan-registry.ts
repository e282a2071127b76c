import type { ClaimedRun } from './claimed-run.js';
import type { AnyPlan, AnyStep, Plan } from './plan.js';

/** The plans this process knows. A run of any other plan, or on a step that none of them has, is left alone. */
export class PlanRegistry {
  readonly #plans: ReadonlyMap<string, AnyPlan>;
  /** Names of plans, and of steps as `plan/step`. */
  readonly planNames: readonly string[];
  readonly stepNames: readonly string[];
  /** Those of the steps that leave the customer to other runs. */
  readonly sharingStepNames: readonly string[];

  constructor(plans: readonly (Plan | Plan<null>)[]) {
    this.#plans = new Map(plans.map((plan) => [plan.name, plan as AnyPlan]));
    this.planNames = plans.map((plan) => plan.name);
    this.stepNames = plans.flatMap((plan) => plan.steps.map((step) => `${plan.name}/${step.name}`));
    this.sharingStepNames = plans.flatMap((plan) =>
      plan.steps.filter((step) => step.sharesCustomer === true).map((step) => `${plan.name}/${step.name}`),
    );
    for (const names of [this.planNames, this.stepNames]) {
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) throw new Error(`"${twice}" is registered twice: plans and steps are named once.`);
    }
  }

  /** The run's plan. Here, once, it is seen to that steps made for the runs of customers get no others, and the other way round. */
  getPlanOf({ plan: name, customerId }: Pick<ClaimedRun, 'plan' | 'customerId'>): AnyPlan {
    const plan = this.#plans.get(name);
    if (plan === undefined) throw new Error(`There is no plan "${name}" in this process.`);
    if ((plan.withoutCustomer === true) !== (customerId === null)) {
      throw new Error(`A run of the plan "${name}" has ${customerId === null ? 'no' : 'a'} customer.`);
    }
    return plan;
  }

  getStep(plan: AnyPlan, name: string): AnyStep {
    const step = plan.steps.find((candidate) => candidate.name === name);
    if (step === undefined) throw new Error(`The plan "${plan.name}" has no step "${name}" in this process.`);
    return step;
  }
}
