import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import { writeStoppedOnboarding } from './dashboard-rows.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

let dashboard: DashboardUnderTest;
let page: Page;

const { signIn } = browseDashboard((browsing) => {
  ({ dashboard, page } = browsing);
});

describe('changing a run', () => {
  it('retries it with a reason, in the operator’s name', async () => {
    const { customerId, runId } = await writeStoppedOnboarding(dashboard.database, 'Mended SA');
    await signIn('mia');
    await page.goto(`${dashboard.url}/runs/${runId}`);
    await page.getByRole('button', { name: 'Retry' }).click();
    const dialog = page.getByRole('dialog', { name: 'Retry this run' });
    expect(await dialog.getByRole('button', { name: 'Retry' }).isDisabled()).toBe(true);
    // The dialog has the focus in its field.
    await page.waitForFunction(`document.activeElement?.tagName === 'INPUT'`);
    await page.keyboard.type('The role is granted now');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('It is under way, so it cannot be retried.').waitFor();
    const run = await dashboard.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(run).toMatchObject({ state: 'queued', reason: 'The role is granted now', error: null });
    const [event] = await dashboard.database.client.auditEvent.findMany({ where: { chain: customerId } });
    expect(event).toMatchObject({
      action: 'run.retried',
      actor: 'operator:mia',
      data: { reason: 'The role is granted now', formerState: 'needs_attention' },
    });
    await page.getByRole('link', { name: 'Mended SA' }).click();
    await page.getByText('Somebody, or the schedule, had a run that had stopped go on.').waitFor();
  });

  it('cancels it with a reason', async () => {
    const { runId } = await writeStoppedOnboarding(dashboard.database, 'Given Up Inc');
    await signIn();
    await page.goto(`${dashboard.url}/runs/${runId}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('The customer left');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('It was told to stop and does so at its next step.').waitFor();
    const run = await dashboard.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(run).toMatchObject({ state: 'queued', cancelRequested: true, reason: 'The customer left' });
  });

  it('does nothing to a run that somebody else changed meanwhile', async () => {
    const { runId } = await writeStoppedOnboarding(dashboard.database, 'Contested KG');
    await signIn();
    await page.goto(`${dashboard.url}/runs/${runId}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Too late');
    await dashboard.database.client.run.update({
      where: { id: runId },
      data: { state: 'running', revision: { increment: 1 } },
    });
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page
      .getByRole('dialog')
      .getByText(/is "running" now, at another revision/)
      .waitFor();
    const run = await dashboard.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(run).toMatchObject({ state: 'running', cancelRequested: false });
  });
});
