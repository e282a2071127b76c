import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScriptingOem } from './scripting-oem.js';

let oem: ScriptingOem;

beforeAll(async () => {
  oem = await ScriptingOem.start();
});
afterAll(() => oem.close());

describe('the rotation of a client that was made by a script', () => {
  it('replaces the secret that was given, where it is the only one', async () => {
    const scripted = await oem.script('rotated');
    const { clientId, clientSecret } = scripted;
    const customerId = await oem.ready(scripted, { clientId, clientSecret });
    expect(await oem.rotate(customerId)).toMatchObject({ state: 'succeeded' });
    const read = await oem.credentials(customerId);
    expect(read).toMatchObject({ clientId, version: 2 });
    expect([await oem.works(scripted, read.clientSecret), await oem.works(scripted, clientSecret)]).toEqual([
      true,
      false,
    ]);
    expect(await oem.hintsOf(scripted)).toEqual([read.hint]);
    expect((await oem.versions(customerId))[1]).toMatchObject({
      version: 1,
      state: 'revoked',
      retiredAt: expect.any(String),
    });
  });

  it.each(['read', 'call'])(
    'keeps the secret that was given until it hears that the software changed over, by a %s',
    async (acknowledgement) => {
      const scripted = await oem.script(`in-use-until-a-${acknowledgement}`);
      const { clientId, clientSecret } = scripted;
      const rotation = { graceSeconds: 1, deadlineSeconds: 1, acknowledgement };
      const customerId = await oem.ready(scripted, { clientId, clientSecret }, { rotation });
      expect((await oem.versions(customerId))[0]).toMatchObject({ version: 1, firstReadAt: expect.any(String) });

      const run = await oem.rotate(customerId);
      expect(run).toMatchObject({
        ...{ state: 'needs_attention', step: 'grace' },
        error: { code: 'ACKNOWLEDGEMENT_OVERDUE' },
      });
      expect(await oem.works(scripted, clientSecret)).toBe(true);
      expect(await oem.actions(customerId)).toContain('acknowledgement.overdue');

      if (acknowledgement === 'read') await oem.credentials(customerId);
      else await oem.acknowledge(customerId, 2);
      expect(await oem.stack.runEnd(run.id)).toMatchObject({ state: 'succeeded' });
      expect(await oem.works(scripted, clientSecret)).toBe(false);
    },
  );

  it('replaces the secret that was minted, and leaves the others', async () => {
    const scripted = await oem.script('rotated-minted');
    const other = await oem.addSecret(scripted);
    const customerId = await oem.ready(scripted, { clientId: scripted.clientId });
    const old = await oem.credentials(customerId);
    expect(await oem.rotate(customerId)).toMatchObject({ state: 'succeeded' });
    const read = await oem.credentials(customerId);
    expect(await oem.hintsOf(scripted)).toEqual([scripted.hint, other.hint, read.hint]);
    expect([await oem.works(scripted, old.clientSecret), await oem.works(scripted, read.clientSecret)]).toEqual([
      false,
      true,
    ]);
  });

  it('leaves what the script mints with the same parent client while it goes on', async () => {
    const scripted = await oem.script('still-scripted');
    const customerId = await oem.ready(scripted, { clientId: scripted.clientId }, { rotation: { graceSeconds: 2 } });
    const runId = await oem.beginRotation(customerId);
    const other = await oem.addSecret(scripted);
    expect(await oem.stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
    expect(await oem.works(scripted, other.secret)).toBe(true);
    expect(await oem.hintsOf(scripted)).toHaveLength(3);
  });

  it('lets go of the secret that was given, where it cannot be told from others: all stay, and people are told once', async () => {
    const scripted = await oem.script('several');
    const other = await oem.addSecret(scripted);
    const { clientId, clientSecret } = scripted;
    const customerId = await oem.ready(scripted, { clientId, clientSecret });
    expect(await oem.credentials(customerId)).toMatchObject({ clientSecret, hint: null });
    expect(await oem.compare(customerId)).toMatchObject({ state: 'succeeded' });

    const run = await oem.rotate(customerId);
    expect(run).toMatchObject({ state: 'succeeded' });
    const { output } = run.steps.find((step: any) => step.name === 'retire');
    expect(output).toMatchObject({ retiredVersions: [], releasedVersions: [1], unrecognisedSecrets: 2 });
    const read = await oem.credentials(customerId);
    expect(await oem.hintsOf(scripted)).toEqual([scripted.hint, other.hint, read.hint]);
    expect([await oem.works(scripted, clientSecret), await oem.works(scripted, other.secret)]).toEqual([true, true]);
    expect((await oem.versions(customerId))[1]).toMatchObject({ version: 1, state: 'revoked', retiredAt: null });
    expect(await oem.actions(customerId)).toContain('secret.released');

    await settle(customerId);
    expect(await oem.compare(customerId)).toMatchObject({
      state: 'needs_attention',
      error: { code: 'DRIFT_FOUND', message: expect.stringContaining('SECRET_UNRECOGNISED') },
    });
    for (const { hint } of [scripted, other])
      await scripted.tenant.api('DELETE', `/${clientId}/client-secrets/${hint}`);
    expect(await oem.compare(customerId)).toMatchObject({ state: 'succeeded' });
    expect(await oem.rotate(customerId)).toMatchObject({ state: 'succeeded' });
    expect(await oem.hintsOf(scripted)).toEqual([(await oem.credentials(customerId)).hint]);
  });

  it('does not end an emergency while such a secret is alive', async () => {
    const scripted = await oem.script('leaked');
    await oem.addSecret(scripted);
    const { clientId, clientSecret, hint } = scripted;
    const customerId = await oem.ready(scripted, { clientId, clientSecret });
    const run = await oem.rotate(customerId, 'emergency');
    expect(run).toMatchObject({ state: 'needs_attention', step: 'retire', error: { code: 'SECRET_UNRECOGNISED' } });
    await scripted.tenant.api('DELETE', `/${clientId}/client-secrets/${hint}`);
    expect(await oem.change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
    expect((await oem.versions(customerId))[1]).toMatchObject({ state: 'revoked', retiredAt: expect.any(String) });
  });

  it('deletes what leaked in an emergency, though such a secret keeps it from ending', async () => {
    const scripted = await oem.script('leaked-later');
    await oem.addSecret(scripted);
    const { clientId, clientSecret, hint } = scripted;
    const rotation = { graceSeconds: 600 };
    const customerId = await oem.ready(scripted, { clientId, clientSecret }, { rotation });
    await oem.beginRotation(customerId);
    const leaked = await oem.credentials(customerId);
    expect(leaked).toMatchObject({ version: 2 });

    const run = await oem.rotate(customerId, 'emergency');
    expect(run).toMatchObject({ state: 'needs_attention', step: 'retire', error: { code: 'SECRET_UNRECOGNISED' } });
    expect([await oem.works(scripted, leaked.clientSecret), await oem.works(scripted, clientSecret)]).toEqual([
      false,
      true,
    ]);
    await scripted.tenant.api('DELETE', `/${clientId}/client-secrets/${hint}`);
    expect(await oem.change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
    expect(await oem.versions(customerId)).toMatchObject([
      { version: 3, state: 'current' },
      { version: 2, state: 'revoked', retiredAt: expect.any(String) },
      { version: 1, state: 'revoked', retiredAt: expect.any(String) },
    ]);
  });

  /** As if what was revoked a moment ago had been so for long. */
  const settle = (customerId: string) =>
    oem.stack.test.database.sql.$executeRaw`
      UPDATE secret_versions SET created_at = created_at - interval '1 hour', revoked_at = revoked_at - interval '1 hour'
      WHERE customer_id = ${customerId}::uuid`;
});
