import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack } from '../stack.js';
import { expectOneWorkingClient, onboardToEnd, useCredential } from './onboarding-outcome.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack.close());

afterEach(() => stack.sandboxCall('DELETE', '/faults'));

describe('an answer of Qlik that is lost', () => {
  it.each([
    ['reset after the client was made', { kind: 'reset-after' }],
    ['cut off in the middle', { kind: 'truncate' }],
    ['500 although the client was made', { kind: 'status', status: 500, after: true }],
    ['503 although the client was made', { kind: 'status', status: 503, after: true }],
    ['never coming although the client was made', { kind: 'hang', after: true }],
    ['a 201 without a secret', { kind: 'status', status: 201, after: true, body: { clientId: 'x' } }],
  ])('on create (%s) has the one client adopted', async (how, fault) => {
    const name = `lost-${how.replaceAll(/\W+/g, '-')}`.slice(0, 40).replace(/-$/, '');
    await stack.fault({ ...fault, tenantHost: `${name}.eu.qlikcloud.com`, operation: 'create', times: 1 });
    const { customerId, run } = await onboardToEnd(stack, name);
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(run.steps[1]).toMatchObject({ output: { adopted: true } });
    expect(run.steps[4]).toMatchObject({
      state: 'succeeded',
      output: { deadSecretsDeleted: 1, duplicateClientsDeleted: 0 },
    });
    expect(await stack.state(name)).toMatchObject({ clientsCreated: 1, secretsCreated: 2 });
    await expectOneWorkingClient(stack, name, customerId);
  });

  it.each([
    ['reset before anything was made', { kind: 'reset-before' }],
    ['500 without effect', { kind: 'status', status: 500 }],
    ['never coming', { kind: 'hang' }],
  ])('on create (%s) has a client made once it is sure that there is none', async (how, fault) => {
    const name = `absent-${how.replaceAll(/\W+/g, '-')}`;
    await stack.fault({ ...fault, tenantHost: `${name}.eu.qlikcloud.com`, operation: 'create', times: 1 });
    const { customerId, run } = await onboardToEnd(stack, name);
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(run.steps[1]).toMatchObject({ output: { adopted: false } });
    expect(await stack.state(name)).toMatchObject({ clientsCreated: 1, secretsCreated: 1 });
    await expectOneWorkingClient(stack, name, customerId);
  });

  it('on the mint that adopts a client has the extra secret deleted', async () => {
    const tenantHost = 'lost-mint.eu.qlikcloud.com';
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'secret-create', times: 1 });
    const { customerId, run } = await onboardToEnd(stack, 'lost-mint');
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.steps[4]).toMatchObject({ output: { deadSecretsDeleted: 2 } });
    expect(await stack.state('lost-mint')).toMatchObject({ clientsCreated: 1, secretsCreated: 3 });
    await expectOneWorkingClient(stack, 'lost-mint', customerId);
  });

  it('is looked for as long as a list may lag', async () => {
    const tenantHost = 'laggard.eu.qlikcloud.com';
    await stack.sandboxCall('PUT', `/tenants/${tenantHost}`, { lagMs: 90 });
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    const { customerId } = await onboardToEnd(stack, 'laggard');
    expect(await stack.state('laggard')).toMatchObject({ clientsCreated: 1 });
    await expectOneWorkingClient(stack, 'laggard', customerId);
  });

  it('never costs a secret that is not ours', async () => {
    const tenantHost = 'foreign.eu.qlikcloud.com';
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    const { runId } = await stack.onboard('foreign');
    await stack.runWhen(runId, (run) => run.steps[3]?.state === 'succeeded');
    const { clients } = await stack.state('foreign');
    const { hints } = await stack.sandboxCall('POST', `/tenants/${tenantHost}/clients/${clients[0].clientId}/secrets`, {
      createdBy: 'somebody-else',
    });
    const run = await stack.runEnd(runId);
    expect(run.steps[4]).toMatchObject({ output: { deadSecretsDeleted: 1, unrecognisedSecrets: 1 } });
    expect((await stack.state('foreign')).clients[0].hints).toEqual(expect.arrayContaining(hints));
  });

  it('with a new secret of the same hint as the old one has another minted', async () => {
    const tenantHost = 'same-hint.eu.qlikcloud.com';
    await stack.fault({ kind: 'reset-after', tenantHost, operation: 'create', times: 1 });
    await stack.fault({ kind: 'same-hint', tenantHost, operation: 'secret-create', times: 1 });
    const { customerId, run } = await onboardToEnd(stack, 'same-hint');
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(await useCredential(stack, customerId)).toBe(200);
  });
});
