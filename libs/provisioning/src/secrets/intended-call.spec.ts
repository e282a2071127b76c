import { describe, expect, it } from '@jest/globals';
import { QlikError } from '@app/qlik';
import { type Intent, LeaseLost, type StepContext } from '@app/runs';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { makeIntendedCall } from './intended-call.js';

const settings = new ProvisioningSettings(20_000, 60_000, 10_000);
const began = new Date('2026-01-01T00:00:00.000Z');
const asking = { phase: 'asking' };
const unmade = { phase: 'unmade' };

/** A database that stamps at once and answers after `tookMs`, and a lease that is long enough `guards` times. */
function contextOf({ tookMs = 0, guards = Infinity } = {}) {
  const story: string[] = [];
  let now = began.getTime();
  let guarded = 0;
  const context = {
    now: () => new Date(now),
    commitIntent: ({ phase }: Intent) => {
      story.push(`commit ${phase}`);
      now += tookMs;
      return Promise.resolve({ phase, at: began.toISOString() });
    },
    clearIntent: () => Promise.resolve(void story.push('clear')),
    guard: (callMs: number) => {
      story.push(`guard ${callMs}`);
      guarded += 1;
      if (guarded > guards) throw new LeaseLost('too-short', 'run');
    },
  } as unknown as StepContext;
  /** Sends requests until one is answered by something else than a refusal that is repeated. */
  const send =
    (...answers: unknown[]) =>
    async (beforeSend: () => Promise<void>) => {
      for (const answer of answers) {
        await beforeSend();
        story.push('send');
        if (answer instanceof Error) throw answer;
        if (answer !== 'refused') return answer;
      }
      throw new Error('There is no further answer.');
    };
  return { context, story, send };
}

const failed = (code: 'QLIK_RATE_LIMITED' | 'QLIK_TIMEOUT', outcomeUnknown: boolean) =>
  new QlikError(code, { operation: 'create-client-secret', host: 'acme.eu.qlikcloud.com', outcomeUnknown });

describe('makeIntendedCall', () => {
  it('commits, guards and sends, anew for each request, and says when', async () => {
    const { context, story, send } = contextOf({ tookMs: 20_000 });
    const made = await makeIntendedCall(context, settings, { asking, unmade }, send('refused', 'made'));
    expect(made).toEqual({ answer: 'made', postedAt: began });
    const each = ['commit asking', 'guard 20000', 'send'];
    expect(story).toEqual([...each, ...each]);
  });

  it('leaves the intent where the answer is lost, and has the step come back when the effect must show', async () => {
    const { context, story, send } = contextOf();
    const lost = makeIntendedCall(context, settings, { asking, unmade }, send(failed('QLIK_TIMEOUT', true)));
    await expect(lost).rejects.toMatchObject({
      failure: { kind: 'wait-until', until: settings.settledAt(began), error: { code: 'QLIK_TIMEOUT' } },
    });
    expect(story.at(-1)).toBe('send');
  });

  it.each([
    ['says in the intent', unmade, 'commit unmade'],
    ['takes the intent back', null, 'clear'],
  ])('%s that a refused call made nothing', async (_how, left, noted) => {
    const { context, story, send } = contextOf();
    const refusal = failed('QLIK_RATE_LIMITED', false);
    const refused = makeIntendedCall(context, settings, { asking, unmade: left }, send(refusal));
    await expect(refused).rejects.toBe(refusal);
    expect(story.slice(-2)).toEqual(['send', noted]);
  });

  it('leaves the intent where it is not certain what became of the call', async () => {
    const { context, story, send } = contextOf();
    const broken = makeIntendedCall(context, settings, { asking, unmade }, send(new Error('a fault of ours')));
    await expect(broken).rejects.toThrow('a fault of ours');
    expect(story.at(-1)).toBe('send');
  });

  it('sends nothing when whoever looks for its effect would look too early, and says so in the intent', async () => {
    const { context, story, send } = contextOf({ tookMs: 20_001 });
    const slow = makeIntendedCall(context, settings, { asking, unmade }, send('made'));
    await expect(slow).rejects.toMatchObject({
      failure: {
        kind: 'wait-until',
        until: new Date(began.getTime() + 20_001 + settings.callTimeoutMs),
        error: { code: 'DATABASE_SLOW' },
      },
    });
    expect(story).toEqual(['commit asking', 'commit unmade']);
  });

  it.each([
    [0, ['commit asking', 'guard 20000', 'commit unmade']],
    [1, ['commit asking', 'guard 20000', 'send', 'commit asking', 'guard 20000', 'commit unmade']],
  ])('sends nothing more when the lease is too short, after %i requests', async (guards, expected) => {
    const { context, story, send } = contextOf({ guards });
    const kept = makeIntendedCall(context, settings, { asking, unmade }, send('refused', 'made'));
    await expect(kept).rejects.toMatchObject({ reason: 'too-short' });
    expect(story).toEqual(expected);
  });
});
