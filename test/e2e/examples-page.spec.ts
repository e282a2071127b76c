import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { makeApiKey } from '../api-key.js';
import { buildExamples, EXAMPLE_SCOPES, ExampleProcess } from '../example-process.js';
import { Stack } from '../stack.js';
import { launchBrowser } from './chromium.js';
import { claimsOf } from './tokens-under-test.js';

jest.setTimeout(60_000);

const tenant = { host: 'page.eu.qlikcloud.com', userId: 'user-of-the-page' };

/** Stands in for qlik-embed: it reads its host config, asks for a token as that says, and shows both. */
const QLIK_EMBED = `
  const { host, clientId, authType, getAccessToken } = document.currentScript.dataset;
  window[getAccessToken]().then((token) => {
    const shown = document.createElement('output');
    shown.textContent = JSON.stringify({ host, clientId, authType, token });
    document.body.append(shown);
  });`;

let stack: Stack;
let folder: string;
let example: ExampleProcess;
let browser: Browser;

beforeAll(async () => {
  await buildExamples();
  folder = await mkdtemp(join(tmpdir(), 'examples-page-'));
  stack = await Stack.start();
  const users = [{ id: tenant.userId, subject: 'idp|page', email: 'x@x.example' }];
  await stack.sandboxCall('PUT', `/tenants/${tenant.host}`, { users });
  example = await ExampleProcess.start('express-signup', {
    PORT: '0',
    PROVISIONER_URL: stack.api.url,
    PROVISIONER_API_KEY: await makeApiKey(stack.test.database, EXAMPLE_SCOPES),
    WEBHOOK_SECRETS: `whsec_${Buffer.alloc(32).toString('base64')}`,
    TENANTS: JSON.stringify([tenant]),
    SIGN_UPS_FILE: join(folder, 'sign-ups.json'),
    LOOK_AGAIN_SECONDS: '0.1',
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await example.kill();
  await stack.close();
  await rm(folder, { recursive: true, force: true });
});

it('takes a user from the sign-up to analytics of the own tenant', async () => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => void complaints.push(error.message));
  await page.route('https://cdn.jsdelivr.net/**', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      headers: { 'access-control-allow-origin': '*' },
      body: QLIK_EMBED,
    }),
  );
  await page.goto(example.url);
  await page.getByLabel('E-mail').fill('pat@page.example');
  await page.getByLabel('Company').fill('Page & Co');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('status').filter({ hasText: 'Your analytics are ready.' }).waitFor();

  const { token, ...config } = JSON.parse(await page.locator('output').innerText()) as { token: string };
  const { body } = await stack.call('GET', '/v1/customers?limit=1');
  const [customer] = body.customers;
  expect(config).toEqual({ host: `https://${tenant.host}`, clientId: customer.clientId, authType: 'Oauth2' });
  expect(claimsOf({ body: { accessToken: token } })).toMatchObject({ host: tenant.host, sub: tenant.userId });
  expect(await page.locator('qlik-embed').getAttribute('ui')).toBe('analytics/sheet');
  expect(await page.getByRole('button', { name: 'Sign up' }).isVisible()).toBe(false);
  expect(complaints).toEqual([]);
});
