import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import { writeStoppedOnboarding } from './dashboard-rows.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

let dashboard: DashboardUnderTest;
let page: Page;
let complaints: string[];

const { reopen, signIn } = browseDashboard((browsing) => {
  ({ dashboard, page, complaints } = browsing);
});

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  it('breaks no rule of the content security policy, whatever is opened', async () => {
    const { runId, customerId } = await writeStoppedOnboarding(dashboard.database, `Colourful ${colorScheme}`);
    await reopen({ colorScheme });
    await signIn();
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(colorScheme);
    for (const path of ['/runs', '/pauses', '/customers', `/customers/${customerId}`, `/runs/${runId}`]) {
      await page.goto(dashboard.url + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
    }
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'jane' }).click();
    await page.getByRole('menuitem').waitFor();
    expect(complaints).toEqual([]);
  });
});
