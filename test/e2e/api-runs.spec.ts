import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import type { AcceptedCustomer, Customer } from '../../apps/api/src/customers/customer.schema.js';
import type { Run, RunPage } from '../../apps/api/src/runs/run.schema.js';
import { type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApiUnderTest();
});

afterAll(() => api.close());

let made = 0;
async function makeRun(): Promise<Run> {
  const headers = { 'idempotency-key': `run-${++made}` };
  const call = { body: newCustomer(), headers };
  return (await api.call<z.output<typeof AcceptedCustomer>>('POST', '/v1/customers', call)).body.run;
}

const change = (
  run: Run,
  verb: 'retry' | 'cancel',
  ifMatch: string | undefined,
  body: unknown = { reason: 'because' },
) =>
  api.call<Run>('POST', `/v1/runs/${run.id}/${verb}`, {
    body,
    headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
  });

async function fail(run: Run): Promise<string> {
  const error = { code: 'PARENT_REFUSED', message: 'Refused.', hint: 'Look.', qlik: { status: 401 } };
  await api.database.client.run.update({
    where: { id: run.id },
    data: { state: 'failed', holdsSlot: false, error, revision: { increment: 1 }, finishedAt: new Date() },
  });
  await api.database.client.customer.update({ where: { id: run.customerId! }, data: { state: 'failed' } });
  return (await api.call('GET', `/v1/runs/${run.id}`)).headers.get('etag')!;
}

describe('GET /v1/runs', () => {
  it('shows steps and attempts, with an ETag that answers 304', async () => {
    const run = await makeRun();
    const at = new Date('2026-01-01T00:00:00Z');
    await api.database.client.runStep.create({
      data: { runId: run.id, name: 'create-client', position: 1, state: 'waiting', waitingUntil: at, startedAt: at },
    });
    const calls = [{ operation: 'create', status: 503 }];
    await api.database.client.stepAttempt.create({
      data: {
        runId: run.id,
        step: 'create-client',
        number: 1,
        outcome: 'retried',
        calls,
        startedAt: at,
        finishedAt: at,
      },
    });
    const answer = await api.call<Run>('GET', `/v1/runs/${run.id}`);
    expect(answer.body.steps).toEqual([
      {
        name: 'create-client',
        state: 'waiting',
        attempts: [
          {
            number: 1,
            outcome: 'retried',
            startedAt: at.toISOString(),
            finishedAt: at.toISOString(),
            waitingUntil: null,
            calls,
            error: null,
          },
        ],
        startedAt: at.toISOString(),
        finishedAt: null,
        waitingUntil: at.toISOString(),
        output: null,
        error: null,
      },
    ]);
    const etag = answer.headers.get('etag')!;
    expect(etag).toBe('"1"');
    const headers = { 'if-none-match': etag };
    expect(await api.call('GET', `/v1/runs/${run.id}`, { headers })).toMatchObject({ status: 304, body: '' });
  });

  it('filters by the code of the error, state, plan and customer', async () => {
    const run = await makeRun();
    await fail(run);
    const query = `code=PARENT_REFUSED&state=failed&plan=onboarding&customerId=${run.customerId}`;
    const page = await api.call<z.output<typeof RunPage>>('GET', `/v1/runs?${query}`);
    expect(page).toMatchObject({ status: 200, body: { runs: [{ id: run.id, error: { qlik: { status: 401 } } }] } });
    const none = await api.call<z.output<typeof RunPage>>('GET', `/v1/runs?code=OTHER&customerId=${run.customerId}`);
    expect(none.body.runs).toEqual([]);
  });

  it.each(['cursor=x', 'customerId=x', 'state=lost', 'limit=1000'])('refuses ?%s', async (query) => {
    expect(await api.call('GET', `/v1/runs?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID' },
    });
  });

  it.each(['x', '0195b1c0-0000-7000-8000-000000000000'])('answers 404 for the id %s', async (id) => {
    expect(await api.call('GET', `/v1/runs/${id}`)).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
  });
});

describe('POST /v1/runs/{id}/retry', () => {
  it('queues the run again, with its customer onboarding again, and audits who asked why', async () => {
    const run = await makeRun();
    const etag = await fail(run);
    const answer = await change(run, 'retry', etag, { reason: 'the tenant is back' });
    expect(answer).toMatchObject({ status: 202, body: { id: run.id, state: 'queued', reason: 'the tenant is back' } });
    expect(answer.headers.get('etag')).not.toBe(etag);
    const customer = await api.call<Customer>('GET', `/v1/customers/${run.customerId}`);
    expect(customer.body.state).toBe('onboarding');
    const events = await api.call('GET', `/v1/audit-events?customerId=${run.customerId}&action=run.retried`);
    expect(events.body).toMatchObject({ events: [{ data: { reason: 'the tenant is back' } }] });
  });

  it('asks for If-Match with 428', async () => {
    const run = await makeRun();
    expect(await change(run, 'retry', undefined)).toMatchObject({ status: 428, body: { code: 'IF_MATCH_REQUIRED' } });
  });

  it.each(['"99"', 'W/"1"', '*', 'nonsense'])('answers 412 for the tag %s', async (tag) => {
    const run = await makeRun();
    expect(await change(run, 'retry', tag)).toMatchObject({ status: 412, body: { code: 'RUN_CHANGED', revision: 1 } });
  });

  it('answers 409 for a run that is still under way', async () => {
    const run = await makeRun();
    expect(await change(run, 'retry', '"1"')).toMatchObject({
      status: 409,
      body: { code: 'RUN_STATE_CONFLICT', state: 'queued' },
    });
  });

  it.each([
    [{}],
    [{ reason: '' }],
    [{ reason: 'x'.repeat(501) }],
    [{ reason: 'a\u0007b' }],
    [{ reason: 'x', more: 1 }],
  ])('refuses the body %j', async (body) => {
    const run = await makeRun();
    expect(await change(run, 'retry', '"1"', body)).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  });

  it('answers 404 where there is no run', async () => {
    const run = await makeRun();
    const nowhere = { ...run, id: '0195b1c0-0000-7000-8000-000000000000' };
    expect(await change(nowhere, 'retry', '"1"')).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
  });
});

describe('POST /v1/runs/{id}/cancel', () => {
  it('tells the run to stop', async () => {
    const run = await makeRun();
    expect(await change(run, 'cancel', '"1"')).toMatchObject({ status: 202, body: { cancelRequested: true } });
  });

  it('answers 409 for a run that has ended', async () => {
    const run = await makeRun();
    const etag = await fail(run);
    expect(await change(run, 'cancel', etag)).toMatchObject({ status: 409, body: { code: 'RUN_STATE_CONFLICT' } });
  });
});
