import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import { writeCustomer } from './dashboard-rows.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

let dashboard: DashboardUnderTest;
let page: Page;

const { signIn } = browseDashboard((browsing) => {
  ({ dashboard, page } = browsing);
});

const offboardButton = () => page.getByRole('button', { name: 'Offboard', exact: true });

describe('offboarding', () => {
  it('asks why, says what it means, and leads to a run that cannot be cancelled', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Leaving GmbH', 'ready');
    await signIn('mia');
    await page.goto(`${dashboard.url}/customers/${customerId}`);
    await offboardButton().click();
    const dialog = page.getByRole('dialog', { name: 'Offboard Leaving GmbH' });
    await dialog.getByText('There is no way back.').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Offboard for good' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('the contract ended');
    await confirm.click();
    await page.getByText('Deletes the impersonation client of a customer in its tenant').waitFor();
    const run = await dashboard.database.client.run.findFirstOrThrow({ where: { customerId } });
    expect(page.url()).toBe(`${dashboard.url}/runs/${run.id}`);
    expect(run).toMatchObject({ plan: 'offboarding', actor: 'operator:mia', reason: 'the contract ended' });
    expect(await page.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    await page.getByText('An offboarding cannot be cancelled').waitFor();

    await page.goto(`${dashboard.url}/customers/${customerId}`);
    const notice = page.getByRole('region', { name: 'Being offboarded' });
    await notice.getByText('Its credentials are no longer given out').waitFor();
    expect(await notice.getByRole('link').getAttribute('href')).toBe(`/runs/${run.id}`);
    expect(await offboardButton().count()).toBe(0);
  });

  it('is told of a customer that was offboarded', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Left GmbH', 'offboarded');
    await signIn();
    await page.goto(`${dashboard.url}/customers/${customerId}`);
    await page.getByRole('region', { name: 'Offboarded' }).waitFor();
    await page.getByText('Deleted in the tenant.').waitFor();
    expect(await offboardButton().count()).toBe(0);
  });
});
