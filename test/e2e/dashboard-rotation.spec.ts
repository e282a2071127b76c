import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import { OVERDUE, writeCustomer, writeRun, writeSecretVersions } from './dashboard-rows.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let dashboard: DashboardUnderTest;
let page: Page;
let complaints: string[];

const { reopen, signIn } = browseDashboard((browsing) => {
  ({ dashboard, page, complaints } = browsing);
});

/** A customer with a secret in its second version, which was read; the first went. */
async function writeReady(name: string, data: { rotation?: object; nextRotationAt?: Date } = {}): Promise<string> {
  const customerId = await writeCustomer(dashboard.database, name, 'ready');
  await dashboard.database.client.customer.update({ where: { id: customerId }, data });
  await writeSecretVersions(dashboard.database, customerId, [
    { state: 'revoked', inUseMs: 100 * DAY_MS, readMs: 99 * DAY_MS, retiredMs: 11 * DAY_MS, revokedMs: 11 * DAY_MS },
    { state: 'current', inUseMs: 12 * DAY_MS, readMs: 11.5 * DAY_MS },
  ]);
  return customerId;
}

/** A customer whose rotation is in its grace: the second version is current, the first still valid. */
async function writeInGrace(name: string, run: { isOverdue?: true } = {}) {
  const customerId = await writeCustomer(dashboard.database, name, 'ready');
  await writeSecretVersions(dashboard.database, customerId, [
    { state: 'previous', inUseMs: 90 * DAY_MS, readMs: 89 * DAY_MS },
    { state: 'current', inUseMs: 8 * DAY_MS },
  ]);
  const runId = await writeRun(dashboard.database, {
    ...{ customerId, mode: 'graceful' as const, done: 3, ageMs: 8 * DAY_MS },
    ...(run.isOverdue === true
      ? { state: 'needs_attention' as const, stepState: 'needs_attention' as const, error: OVERDUE }
      : { state: 'waiting' as const, stepState: 'waiting' as const, waitMs: DAY_MS }),
  });
  return { customerId, runId };
}

async function openSecret(customerId: string, operator = 'jane') {
  await signIn(operator);
  await page.goto(`${dashboard.url}/customers/${customerId}`);
  const section = page.getByRole('region', { name: 'Secret' });
  await section.getByRole('button', { name: 'Emergency' }).waitFor();
  return section;
}

const newestRun = (customerId: string) =>
  dashboard.database.client.run.findFirstOrThrow({ where: { customerId }, orderBy: { id: 'desc' } });

const actionsOf = async (customerId: string) =>
  (
    await dashboard.database.client.auditEvent.findMany({ where: { chain: customerId }, orderBy: { sequence: 'asc' } })
  ).map(({ action, actor }) => `${action} by ${actor}`);

describe('the secret of a customer', () => {
  it('shows its age, when it rotates, the policy in words, and its versions', async () => {
    const customerId = await writeReady('Aged AB', {
      nextRotationAt: new Date(Date.now() + 78.5 * DAY_MS),
      rotation: {
        graceSeconds: 7200,
        acknowledgement: 'call',
        blackout: [{ from: '08:00', to: '18:00', days: ['mon'] }],
      },
    });
    const section = await openSecret(customerId);
    const text = await section.innerText();
    expect(text).toMatch(/Current version\s+2, in use for 12 days/);
    expect(text).toMatch(/Rotates next\s+in 78 days \(\d+ \w+ \d{4}.*\)/);
    expect(text).toContain(
      'Every 90 days, or up to 9 days later. The old secret stays valid for 2 hours, then waits for',
    );
    expect(text).toContain('Mon 08:00 to 18:00 (UTC)');
    const rows = section.getByRole('table', { name: 'Secret versions' }).getByRole('row');
    expect(await rows.nth(1).innerText()).toMatch(/^2\s+Current\s+12 days ago\s+11 days ago\s+–\s+–\s+–$/);
    expect(await rows.nth(2).innerText()).toMatch(/^1\s+Revoked\s+100 days ago/);
    expect(await section.getByRole('button', { name: /Roll back|Acknowledge/ }).count()).toBe(0);
    expect(await page.content()).not.toMatch(/sealed-secret|h1nt/);
  });

  it('says of a policy that cannot be read what is wrong with it', async () => {
    const customerId = await writeReady('Unreadable NV', { rotation: { graceSeconds: 'long' } });
    const section = await openSecret(customerId);
    await section.getByText('"rotation.graceSeconds"').waitFor();
  });

  it('is not rotated before the customer is ready', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Early BV', 'onboarding');
    await writeSecretVersions(dashboard.database, customerId, [{ state: 'pending' }]);
    const section = await openSecret(customerId);
    expect(await section.getByRole('button', { name: 'Emergency' }).isDisabled()).toBe(true);
    expect(await section.getByRole('button', { name: 'Rotate now' }).isDisabled()).toBe(true);
  });
});

describe('rotating', () => {
  it('now, with a reason, leads to the run that does it', async () => {
    const customerId = await writeReady('Rotated SpA');
    const section = await openSecret(customerId, 'mia');
    await section.getByRole('button', { name: 'Rotate now' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rotate the secret' });
    await dialog.getByText('The old secret stays valid for 1 day, then waits for a read of the new one').waitFor();
    expect(await dialog.getByRole('button', { name: 'Rotate now' }).isDisabled()).toBe(true);
    // The dialog has the focus in its field.
    await page.waitForFunction(`document.activeElement?.tagName === 'INPUT'`);
    await page.keyboard.type('A consultant has left');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Rotation of Rotated SpA' }).waitFor();
    await page.getByText('Graceful: the old secret stays valid through its grace').waitFor();
    const run = await newestRun(customerId);
    expect(page.url()).toBe(`${dashboard.url}/runs/${run.id}`);
    expect(run).toMatchObject({
      ...{ plan: 'rotation', state: 'queued', input: { mode: 'graceful' } },
      ...{ reason: 'A consultant has left', actor: 'operator:mia' },
    });
    expect(await actionsOf(customerId)).toEqual(['rotation.requested by operator:mia']);
    await page.goto(`${dashboard.url}/customers/${customerId}`);
    await section.getByText('A rotation is under way: only an emergency takes it over.').waitFor();
    expect(await section.getByRole('button', { name: 'Rotate now' }).isDisabled()).toBe(true);
  });

  it('in an emergency says what breaks, and takes the place of a rotation in its grace', async () => {
    const { customerId, runId } = await writeInGrace('Leaked LLC');
    const section = await openSecret(customerId);
    await section.getByRole('button', { name: 'Emergency' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rotate in an emergency' });
    const text = await dialog.innerText();
    expect(text).toContain('all other secrets of ours are deleted at Qlik at once');
    expect(text).toContain('Tokens that were minted already live until they expire.');
    expect(text).toContain('Consumers that hold an old secret break until they read the new one.');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('It stood in a public log');
    await dialog.getByRole('button', { name: 'Rotate at once' }).click();
    await page.getByText('Emergency: every other secret of ours goes at once').waitFor();
    const run = await newestRun(customerId);
    expect(run).toMatchObject({ plan: 'rotation', input: { mode: 'emergency' }, reason: 'It stood in a public log' });

    await page.goto(`${dashboard.url}/runs/${runId}`);
    expect(await page.getByRole('button', { name: 'Retry' }).isDisabled()).toBe(true);
    const notice = page.getByRole('region', { name: 'Another run took its place' });
    await notice.getByRole('link', { name: 'Go to that run' }).click();
    await page.waitForURL(`${dashboard.url}/runs/${run.id}`);
  });

  it('back is possible in the grace, from the run on', async () => {
    const { customerId, runId } = await writeInGrace('Regretted Oyj');
    await openSecret(customerId);
    await page.goto(`${dashboard.url}/runs/${runId}`);
    await page.getByText('Its secret is the current one already, so it cannot be cancelled').waitFor();
    expect(await page.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    await page.getByRole('link', { name: 'the secret of Regretted Oyj' }).click();
    await page.getByRole('button', { name: 'Roll back' }).click();
    const dialog = page.getByRole('dialog', { name: 'Go back to the secret before' });
    await dialog
      .getByText(
        'The secret of version 1 becomes the current one again, under a new number; that of version 2 is then the old one.',
      )
      .waitFor();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The consumer cannot read the new one');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('Rollback: the secret before becomes the current one again').waitFor();
    expect(await newestRun(customerId)).toMatchObject({ input: { mode: 'rollback' }, state: 'queued' });
    expect(await dashboard.database.client.run.findUniqueOrThrow({ where: { id: runId } })).toMatchObject({
      ...{ state: 'cancelled', error: { code: 'SUPERSEDED' } },
    });
  });
});

describe('an acknowledgement that is overdue', () => {
  it('shows in the overview, and is given for the OEM', async () => {
    const { customerId, runId } = await writeInGrace('Silent Sarl', { isOverdue: true });
    const section = await openSecret(customerId, 'mia');
    await page.getByRole('link', { name: 'Overview' }).click();
    const article = page.getByRole('article').filter({ hasText: 'Rotation of Silent Sarl' });
    await article.getByText('ACKNOWLEDGEMENT_OVERDUE').waitFor();
    await article.getByRole('link').click();
    await page.getByRole('link', { name: 'the secret of Silent Sarl' }).click();
    await section.getByRole('button', { name: 'Acknowledge' }).click();
    const dialog = page.getByRole('dialog', { name: 'Acknowledge version 2' });
    await dialog.getByRole('button', { name: 'Acknowledge' }).click();
    await page.waitForURL(`${dashboard.url}/runs/${runId}`);
    const { client } = dashboard.database;
    const run = await client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(run).toMatchObject({ state: 'queued', step: 'grace', error: null });
    const version = await client.secretVersion.findFirstOrThrow({ where: { customerId, version: 2 } });
    expect(version.acknowledgedAt).toBeInstanceOf(Date);
    expect(await actionsOf(customerId)).toEqual([
      'run.retried by operator:mia',
      'acknowledgement.received by operator:mia',
    ]);
  });
});

describe('the list of runs', () => {
  it('is narrowed to rotations, and tells an emergency from the others', async () => {
    const customerId = await writeReady('Listed KK');
    await writeRun(dashboard.database, { customerId, state: 'succeeded', done: 5 });
    await writeRun(dashboard.database, { customerId, mode: 'emergency', state: 'succeeded', done: 6 });
    await page.goto(await dashboard.makeLoginLink('jane'));
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    const rows = page.getByRole('row').filter({ hasText: 'Listed KK' });
    await rows.nth(1).waitFor();
    await page.getByRole('combobox', { name: 'Plan' }).click();
    await page.getByRole('option', { name: 'Rotation' }).click();
    await page.waitForURL(`${dashboard.url}/runs?plan=rotation`);
    await rows.nth(1).waitFor({ state: 'detached' });
    expect(await rows.innerText()).toMatch(/^Rotation\s+Emergency/);
  });
});

describe('the overview', () => {
  it('names the oldest secret in use, and rotations that the schedule has left', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Ancient plc', 'ready');
    await writeSecretVersions(dashboard.database, customerId, [{ state: 'current', inUseMs: 400 * DAY_MS }]);
    await writeReady('Due a moment ago', { nextRotationAt: new Date(Date.now() - HOUR_MS / 2) });
    await page.goto(await dashboard.makeLoginLink('jane'));
    const secrets = page.getByRole('region', { name: 'Secrets' });
    expect(await secrets.innerText()).toMatch(/Overdue rotations\s+none/);
    expect(await page.getByRole('region', { name: 'Rotations are overdue' }).count()).toBe(0);
    await dashboard.database.client.customer.update({
      where: { id: customerId },
      data: { nextRotationAt: new Date(Date.now() - 3.5 * HOUR_MS) },
    });
    const notice = page.getByRole('region', { name: 'Rotations are overdue' });
    await notice.getByText('1 rotation is overdue by more than an hour').waitFor();
    await notice.getByText('It was due 3 hours ago').waitFor();
    expect(await secrets.innerText()).toMatch(/Oldest in use\s+400 days, of Ancient plc/);
    await secrets.getByRole('link', { name: 'Ancient plc' }).click();
    await page.getByRole('region', { name: 'Secret' }).getByText('was due 3 hours ago').waitFor();
  });
});

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  it('breaks no rule of the content security policy, whatever is opened', async () => {
    const { customerId } = await writeInGrace(`Coloured ${colorScheme}`);
    await reopen({ colorScheme, viewport: { width: 390, height: 844 } });
    const section = await openSecret(customerId);
    for (const name of ['Rotate now', 'Acknowledge', 'Roll back', 'Emergency']) {
      const button = section.getByRole('button', { name });
      if (await button.isDisabled()) continue;
      await button.click();
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }
    expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(
      true,
    );
    expect(complaints).toEqual([]);
  });
});
