import { describe, expect, it } from '@jest/globals';
import type { StepContext } from '@app/runs';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { intendCall } from './intended-call.js';

const settings = new ProvisioningSettings(20_000, 60_000, 10_000);
const began = new Date('2026-01-01T00:00:00.000Z');

/** A database that stamps at once and answers after `tookMs`. */
function contextOf(tookMs: number) {
  const story: string[] = [];
  let now = began.getTime();
  const context = {
    now: () => new Date(now),
    commitIntent: ({ phase }: { phase: string }) => {
      story.push(`commit ${phase}`);
      now += tookMs;
      return Promise.resolve({ phase, at: began.toISOString() });
    },
    guard: (callMs: number) => void story.push(`guard ${callMs}`),
  } as unknown as StepContext;
  return { context, story };
}

describe('intendCall', () => {
  it('commits, guards, and says when it was', async () => {
    const { context, story } = contextOf(20_000);
    expect(await intendCall(context, settings, { phase: 'posting' })).toEqual(began);
    expect(story).toEqual(['commit posting', 'guard 20000']);
  });

  it('keeps the call back when whoever looks for its effect would look too early', async () => {
    const { context } = contextOf(20_001);
    await expect(intendCall(context, settings, { phase: 'posting' })).rejects.toMatchObject({
      failure: { kind: 'wait-until', until: settings.settledAt(began), error: { code: 'DATABASE_SLOW' } },
    });
  });
});
