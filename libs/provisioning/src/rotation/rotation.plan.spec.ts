import { expect, it } from '@jest/globals';
import { ROTATION_STEPS } from '@app/customers';
import { AwaitCutOverStep } from './await-cut-over.step.js';
import { MintSecretStep } from './mint-secret.step.js';
import { PromoteSecretStep } from './promote-secret.step.js';
import { ProveRevokedStep } from './prove-revoked.step.js';
import { RetireSecretsStep } from './retire-secrets.step.js';
import { RotationPlan } from './rotation.plan.js';
import { VerifySecretStep } from './verify-secret.step.js';

const make = <Step>(type: new (...parts: never[]) => Step): Step => new type(...([] as never[]));

it('a rotation has the steps that those who begin and change rotations know', () => {
  const plan = new RotationPlan(
    make(MintSecretStep),
    make(VerifySecretStep),
    make(PromoteSecretStep),
    make(AwaitCutOverStep),
    make(RetireSecretsStep),
    make(ProveRevokedStep),
    undefined as never,
  );
  expect(plan.steps.map(({ name }) => name)).toEqual([...ROTATION_STEPS]);
});
