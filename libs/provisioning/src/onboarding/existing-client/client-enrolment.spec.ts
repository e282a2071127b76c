import { describe, expect, it } from '@jest/globals';
import { QlikError } from '@app/qlik';
import type { CommittedIntent, StepContext } from '@app/runs';
import type { CustomerTarget, ExistingClientTarget } from '../../customer-targets.js';
import { ProvisioningSettings } from '../../provisioning-settings.js';
import { ClientEnrolment } from './client-enrolment.js';

const now = new Date('2026-01-01T01:00:00.000Z');
const settings = new ProvisioningSettings(20_000, 60_000, 10_000);
const host = 'acme.eu.qlikcloud.com';
const target = { customerId: 'c1', tenantHost: host } as CustomerTarget;
const ago = (ms: number) => new Date(now.getTime() - ms);
const named = (namedAt: Date): ExistingClientTarget => ({ clientId: 'theirs', sealed: null, dataKeyId: null, namedAt });

/** An enrolment at a tenant that has no such client, and what it asked of the tenant. */
function enrol(existing: ExistingClientTarget, intent: CommittedIntent | null = null) {
  const asked: string[] = [];
  const get = (_host: string, clientId: string) => {
    asked.push(clientId);
    return Promise.reject(new QlikError('CLIENT_NOT_FOUND', { operation: 'get-oauth-client', host }));
  };
  const enrolment = new ClientEnrolment(
    ...([{ get }, {}, {}] as never as [never, never, never]),
    settings,
    ...([{}, {}, {}, { findHolder: () => Promise.resolve(undefined) }, {}] as never as [
      never,
      never,
      never,
      never,
      never,
    ]),
  );
  const context = { intent, now: () => now, record: () => undefined } as unknown as StepContext;
  return { asked, result: enrolment.enrol(context, target, existing) };
}

describe('ClientEnrolment', () => {
  it('waits until a secret that was made right before the sign-up must be listed', async () => {
    const { asked, result } = enrol(named(ago(9_000)));
    await expect(result).rejects.toMatchObject({
      failure: { kind: 'wait-until', until: new Date(now.getTime() + 1_000), error: null },
    });
    expect(asked).toEqual([]);
  });

  it('asks a person about a client that is not there, and asks for none', async () => {
    const { asked, result } = enrol(named(ago(10_000)));
    await expect(result).rejects.toMatchObject({
      failure: { kind: 'attention', error: { code: 'EXISTING_CLIENT_NOT_FOUND' } },
    });
    expect(asked).toEqual(['theirs']);
  });

  it('waits after a lost mint until its secret must show', async () => {
    const known = { clientId: 'theirs', clientName: 'portal', existing: { changed: [] }, posts: 0, unsure: false };
    const minting = { ...known, phase: 'minting', mints: 1, deadSecrets: [], knownHints: [] };
    const { asked, result } = enrol(named(ago(3_600_000)), { ...minting, at: ago(1_000).toISOString() });
    await expect(result).rejects.toMatchObject({
      failure: { kind: 'wait-until', until: new Date(now.getTime() + settings.settleMs - 1_000) },
    });
    expect(asked).toEqual([]);
  });

  it('waits for nothing after a mint that was refused', async () => {
    const known = { clientId: 'theirs', clientName: 'portal', existing: { changed: [] }, posts: 0, unsure: true };
    const minting = { ...known, phase: 'minting', settled: true, mints: 1, deadSecrets: [], knownHints: [] };
    const { asked, result } = enrol(named(ago(3_600_000)), { ...minting, at: ago(1_000).toISOString() });
    await expect(result).rejects.toMatchObject({ failure: { error: { code: 'EXISTING_CLIENT_NOT_FOUND' } } });
    expect(asked).toEqual(['theirs']);
  });

  it('never goes on with a POST of a client', async () => {
    const posting = { phase: 'posting', clientName: 'name', posts: 1, unsure: false, at: ago(3_600_000).toISOString() };
    const { asked, result } = enrol(named(ago(3_600_000)), posting);
    await expect(result).rejects.toThrow('A client is never asked for');
    expect(asked).toEqual([]);
  });
});
