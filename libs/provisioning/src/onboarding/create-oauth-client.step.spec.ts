import { describe, expect, it } from '@jest/globals';
import { type CommittedIntent, type Intent, LeaseLost, type StepContext } from '@app/runs';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { CreateOAuthClientStep } from './create-oauth-client.step.js';

const now = new Date('2026-01-01T01:00:00.000Z');
const longAgo = '2026-01-01T00:00:00.000Z';
const target = { customerId: 'c1', tenantHost: 'acme.eu.qlikcloud.com', existingClient: null };
const settings = new ProvisioningSettings(20_000, 60_000, 10_000);

/** The step at a tenant that has no clients and never answers a POST. */
function stepAndContext(intent: CommittedIntent | null, left: string[] = [], guard = (): void => undefined) {
  const committed: Intent[] = [];
  const context = {
    run: { customerId: 'c1' },
    intent,
    now: () => now,
    guard,
    clearIntent: () => Promise.resolve(void committed.push({ phase: 'none' })),
    commitIntent: (next: Intent) => {
      committed.push(next);
      return Promise.resolve({ ...next, at: now.toISOString() });
    },
  } as unknown as StepContext;
  const posted = new Error('a POST was sent');
  const step = new CreateOAuthClientStep(
    { get: () => Promise.resolve(target) } as never,
    { token: () => Promise.resolve() } as never,
    { list: () => Promise.resolve([]) } as never,
    { ensureDataKey: () => Promise.resolve({}) } as never,
    settings,
    {
      create: (...[, , calls]: [0, 0, { beforeSend(): Promise<void> }]) =>
        calls.beforeSend().then(() => Promise.reject(posted)),
    } as never,
    {} as never,
    { reserve: () => Promise.resolve({}) } as never,
    {} as never,
    { listLeft: () => Promise.resolve(left) } as never,
    {} as never,
    {} as never,
  );
  return { step, context, committed };
}

const posting = (posts: number, at = longAgo): CommittedIntent => ({
  phase: 'posting',
  clientName: 'name',
  posts,
  unsure: posts > 1,
  at,
});

describe('CreateOAuthClientStep', () => {
  it('commits what it is about to do before it is done', async () => {
    const { step, context, committed } = stepAndContext(null);
    await expect(step.run(context)).rejects.toThrow('a POST was sent');
    expect(committed).toEqual([
      { phase: 'posting', clientName: expect.stringContaining('c1'), posts: 1, unsure: false },
    ]);
  });

  it('takes over what was made for the customer and nobody recorded, once everything must show', async () => {
    const { step, context, committed } = stepAndContext(null, ['the oldest', 'another']);
    await expect(step.run(context)).rejects.toMatchObject({
      failure: {
        kind: 'wait-until',
        until: new Date(now.getTime() + settings.settleMs),
        error: { code: 'CLIENT_UNRECORDED', message: expect.stringContaining('"the oldest", "another"') },
      },
    });
    expect(committed).toEqual([
      { phase: 'posting', clientName: 'the oldest', takenOver: true, otherNames: ['another'], posts: 0, unsure: true },
    ]);
  });

  it('waits after a lost answer until its effect must show', async () => {
    const { step, context, committed } = stepAndContext(posting(1, now.toISOString()));
    await expect(step.run(context)).rejects.toMatchObject({
      failure: { kind: 'wait-until', until: new Date(now.getTime() + settings.settleMs) },
    });
    expect(committed).toEqual([]);
  });

  it('asks again, under the same name, once it is sure that there is no client', async () => {
    const { step, context, committed } = stepAndContext(posting(1));
    await expect(step.run(context)).rejects.toThrow('a POST was sent');
    expect(committed).toEqual([{ phase: 'posting', clientName: 'name', posts: 2, unsure: true }]);
  });

  it('counts none that was not sent, and waits for nothing then', async () => {
    const guard = () => {
      throw new LeaseLost('too-short', 'run');
    };
    const first = stepAndContext(null, [], guard);
    await expect(first.step.run(first.context)).rejects.toMatchObject({ reason: 'too-short' });
    expect(first.committed).toMatchObject([{ phase: 'posting', posts: 1 }, { phase: 'none' }]);

    const again = stepAndContext(posting(4), [], guard);
    await expect(again.step.run(again.context)).rejects.toMatchObject({ reason: 'too-short' });
    const left = { phase: 'posting', clientName: 'name', posts: 4, unsure: true, settled: true };
    expect(again.committed).toMatchObject([{ phase: 'posting', posts: 5 }, left]);

    const next = stepAndContext({ ...left, at: now.toISOString() });
    await expect(next.step.run(next.context)).rejects.toThrow('a POST was sent');
    expect(next.committed).toEqual([{ phase: 'posting', clientName: 'name', posts: 5, unsure: true }]);
  });

  it('asks for a person after five lost answers, and asks Qlik again once it is retried', async () => {
    const { step, context, committed } = stepAndContext(posting(5));
    await expect(step.run(context)).rejects.toMatchObject({
      failure: { kind: 'attention', error: { code: 'CREATION_UNANSWERED' } },
    });
    const retried = stepAndContext({ ...(committed[0] as Intent), at: longAgo });
    await expect(retried.step.run(retried.context)).rejects.toThrow('a POST was sent');
    expect(retried.committed).toEqual([{ phase: 'posting', clientName: 'name', posts: 1, unsure: true }]);
  });
});
