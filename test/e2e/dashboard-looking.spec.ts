import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import {
  writeCustomer,
  writePreflight,
  writeRun,
  writeSecretVersions,
  writeStoppedOnboarding,
} from './dashboard-rows.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

let dashboard: DashboardUnderTest;
let page: Page;

const { signIn } = browseDashboard((browsing) => {
  ({ dashboard, page } = browsing);
});

describe('looking', () => {
  it('leads from what needs attention to the run, its steps, and the calls that each attempt made', async () => {
    await writeStoppedOnboarding(dashboard.database, 'Leading Ltd');
    await signIn();
    const article = page.getByRole('article').filter({ hasText: 'Leading Ltd' });
    await article.getByText('Give the parent client the role').waitFor();
    await article.getByRole('link').click();
    await page.getByRole('heading', { name: 'Onboarding of Leading Ltd' }).waitFor();
    const error = page.getByRole('region', { name: 'What stopped the run' });
    expect(await error.innerText()).toContain('00f067aa0ba902b74bf92f3577b34da6');
    expect(await error.innerText()).toContain('OAUTH-14');
    const calls = page.getByRole('table', { name: 'Calls to Qlik' });
    // Only the step that stopped is open.
    expect(await calls.filter({ visible: true }).count()).toBe(1);
    expect(await calls.filter({ visible: true }).innerText()).toMatch(/Create OAuth client\s+403\s+OAUTH-14/);
    await page.getByRole('button', { name: 'Show 1 attempt' }).first().click();
    await calls.filter({ visible: true }).nth(1).waitFor();
  });

  it('finds runs by state and shows the rest page by page', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Paged GmbH', 'failed');
    for (let n = 0; n < 30; n++) {
      await writeRun(dashboard.database, { customerId, state: 'cancelled', done: 0, stepState: 'undone' });
    }
    await signIn();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Cancelled' }).click();
    await page.waitForURL(`${dashboard.url}/runs?state=cancelled`);
    const rows = page.getByRole('row').filter({ hasText: 'Paged GmbH' });
    await rows.nth(24).waitFor();
    expect(await rows.count()).toBe(25);
    await page.getByRole('button', { name: 'Show more' }).click();
    await rows.nth(29).waitFor();
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
    await page.goBack();
    await page.waitForURL(`${dashboard.url}/runs`);
  });

  it('calls a run that is for nobody yet by its tenant', async () => {
    const runId = await writePreflight(dashboard.database, 'tried.eu.qlikcloud.com');
    await signIn();
    const article = page.getByRole('article').filter({ hasText: 'PARENT_REFUSED' });
    await article.getByRole('link', { name: 'Preflight of tried.eu.qlikcloud.com' }).click();
    await page.waitForURL(`${dashboard.url}/runs/${runId}`);
    await page.getByRole('heading', { name: 'Preflight of tried.eu.qlikcloud.com' }).waitFor();
    await page.getByText('none yet: a dry run').waitFor();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    const row = page.getByRole('row').filter({ hasText: 'Preflight' });
    expect(await row.innerText()).toMatch(/none yet\s+tried\.eu\.qlikcloud\.com/);
    await row.getByRole('link', { name: 'Preflight' }).click();
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.waitForFunction(`document.activeElement?.tagName === 'INPUT'`);
    await page.keyboard.type('The parent client was mended');
    await page.keyboard.press('Enter');
    await page.getByText('It is under way, so it cannot be retried.').waitFor();
    expect(await dashboard.database.client.run.findUnique({ where: { id: runId } })).toMatchObject({ state: 'queued' });
  });

  it('follows a run without a reload', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Followed AG', 'onboarding');
    const runId = await writeRun(dashboard.database, { customerId, state: 'running', done: 3, stepState: 'running' });
    await signIn();
    await page.goto(`${dashboard.url}/runs/${runId}`);
    await page.getByText('It is under way, so it cannot be retried.').waitFor();
    expect(await page.getByRole('button', { name: 'Retry' }).isDisabled()).toBe(true);
    await dashboard.database.client.run.update({
      where: { id: runId },
      data: { state: 'succeeded', step: null, finishedAt: new Date() },
    });
    await page.getByText('It succeeded: there is nothing to retry or to cancel.').waitFor();
  });

  it('finds a customer by a part of its name and never shows a secret', async () => {
    const customerId = await writeCustomer(dashboard.database, 'Sought & Found', 'ready');
    await writeSecretVersions(dashboard.database, customerId, [{ state: 'current' }]);
    await signIn();
    await page.getByRole('link', { name: 'Customers', exact: true }).click();
    await page.getByRole('searchbox', { name: 'Name or external id' }).fill('sought');
    await page.keyboard.press('Enter');
    const answers = ['', '/secret'].map((part) =>
      page.waitForResponse((response) => response.url().endsWith(`/api/customers/${customerId}${part}`)),
    );
    await page.getByRole('link', { name: 'Sought & Found' }).click();
    await page.getByRole('heading', { name: 'Sought & Found' }).waitFor();
    await page.getByText('c1ient-at-qlik').waitFor();
    for (const answer of answers) expect(await (await answer).text()).not.toMatch(/sealed-secret|h1nt0/);
    await page.getByRole('table', { name: 'Secret versions' }).waitFor();
    expect(await page.content()).not.toMatch(/sealed-secret|h1nt0/);
  });

  it('names what cannot be read and offers to try again', async () => {
    await signIn();
    await page.goto(`${dashboard.url}/runs/no-run`);
    const alert = page.getByRole('alert').filter({ hasText: 'The run could not be read' });
    await alert.getByText('There is no such run').waitFor();
    await alert.getByRole('button', { name: 'Try again' }).waitFor();
  });
});
