import { afterEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import { writeCustomer, writeRun } from './dashboard-rows.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

let dashboard: DashboardUnderTest;
let page: Page;

const { signIn } = browseDashboard((browsing) => {
  ({ dashboard, page } = browsing);
});

describe('pausing', () => {
  afterEach(() => dashboard.database.client.pause.deleteMany());

  it('a tenant, from its customer on, holds its run and says so; lifting it lets the run go on', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Halted Oy', 'onboarding');
    const runId = await writeRun(dashboard.database, { customerId, state: 'queued', done: 0, ageMs: 10_000 });
    await signIn('mia');
    await page.goto(`${dashboard.url}/customers/${customerId}`);
    await page.getByRole('link', { name: 'Pause it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Set a pause' });
    expect(await dialog.getByRole('textbox', { name: 'Tenant' }).inputValue()).toBe('halted-oy.eu.qlikcloud.com');
    expect(await dialog.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The tenant is being moved');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    const card = page.getByRole('article', { name: 'Tenant halted-oy.eu.qlikcloud.com' });
    await card.getByText(/It holds 1 run/).waitFor();

    await page.goto(`${dashboard.url}/runs/${runId}`);
    const notice = page.getByRole('region', { name: 'The run is paused' });
    await notice.getByText(/by operator:mia: The tenant is being moved/).waitFor();
    await page.getByText('A worker picks it up once the pause is lifted.').waitFor();
    await page.goto(`${dashboard.url}/runs`);
    await page.getByRole('row').filter({ hasText: 'Halted Oy' }).getByText('paused', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('1 pause is in force.').waitFor();
    await page.getByRole('link', { name: 'See what is paused, and why' }).click();

    await card.getByRole('button', { name: 'Lift' }).click();
    await page.getByText('The run that it holds goes on at once, unless another pause holds it.').waitFor();
    await page.getByRole('button', { name: 'Lift the pause' }).click();
    await page.getByText('Nothing is paused').waitFor();
    const events = await dashboard.database.client.auditEvent.findMany({
      where: { chain: 'system', actor: 'operator:mia' },
    });
    expect(events.map(({ action }) => action)).toEqual(expect.arrayContaining(['pause.set', 'pause.lifted']));
  });

  it('a plan, and is told what was mistyped', async () => {
    await signIn();
    await page.getByRole('link', { name: 'Pauses' }).click();
    await page.getByRole('button', { name: 'Set a pause' }).click();
    const dialog = page.getByRole('dialog', { name: 'Set a pause' });
    await dialog.getByRole('textbox', { name: 'Tenant' }).fill('nobody.eu.qlikcloud.com');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Qlik is down');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await dialog.getByText('No customer has the tenant "nobody.eu.qlikcloud.com".').waitFor();
    await dialog.getByText('A plan').click();
    await dialog.getByRole('combobox', { name: 'Plan' }).click();
    await page.getByRole('option', { name: 'Onboarding' }).click();
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('article', { name: 'Every run of “Onboarding”' }).waitFor();
  });
});
