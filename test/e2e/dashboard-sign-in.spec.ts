import { describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

let dashboard: DashboardUnderTest;
let context: BrowserContext;
let page: Page;

const { signIn } = browseDashboard((browsing) => {
  ({ dashboard, context, page } = browsing);
});

describe('signing in', () => {
  it('lets an operator in by a link, whose token no log line and no address keeps', async () => {
    const link = await dashboard.makeLoginLink('jane');
    await page.goto(link);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(page.url()).toBe(`${dashboard.url}/`);
    const token = link.split('#')[1]!;
    expect(dashboard.logged()).toContain('/session');
    expect(dashboard.logged()).not.toContain(token);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: 'session', httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(cookie!.value).not.toBe(token);
  });

  it('lets nobody in by a link that was used, and says how to get another', async () => {
    const link = await dashboard.makeLoginLink('jane');
    await page.goto(link);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await context.clearCookies();
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByText(/This login link was used at/).waitFor();
    await page.getByText('npm run cli -- operators login-link --operator NAME').waitFor();
  });

  it('shows who has no session how to get one, on any view', async () => {
    await page.goto(`${dashboard.url}/runs`);
    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
  });

  it('ends the session at the server when the operator signs out', async () => {
    await signIn();
    const [cookie] = await context.cookies();
    await page.getByRole('button', { name: 'jane' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
    const answer = await fetch(`${dashboard.url}/api/overview`, {
      headers: { cookie: `session=${cookie!.value}` },
    });
    expect(answer.status).toBe(401);
  });
});
