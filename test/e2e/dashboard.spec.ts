import { afterEach, describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { browseDashboard } from './dashboard-browser.js';
import { FORBIDDEN, writeCustomer, writePreflight, writeRun, writeSecretVersions } from './dashboard-rows.js';
import type { DashboardUnderTest } from './dashboard-under-test.js';

let dashboard: DashboardUnderTest;
let context: BrowserContext;
let page: Page;
let complaints: string[];

const { reopen, signIn } = browseDashboard((browsing) => {
  ({ dashboard, context, page, complaints } = browsing);
});

const needsAttention = async (name: string) => {
  const customerId = await writeCustomer(dashboard.database, name, 'onboarding');
  const runId = await writeRun(dashboard.database, {
    customerId,
    state: 'needs_attention',
    done: 1,
    stepState: 'needs_attention',
    error: FORBIDDEN,
  });
  return { customerId, runId };
};

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

describe('looking', () => {
  it('leads from what needs attention to the run, its steps, and the calls that each attempt made', async () => {
    await needsAttention('Leading Ltd');
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

describe('changing a run', () => {
  it('retries it with a reason, in the operator’s name', async () => {
    const { customerId, runId } = await needsAttention('Mended SA');
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
    const { runId } = await needsAttention('Given Up Inc');
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
    const { runId } = await needsAttention('Contested KG');
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

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  it('breaks no rule of the content security policy, whatever is opened', async () => {
    const { runId, customerId } = await needsAttention(`Colourful ${colorScheme}`);
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
