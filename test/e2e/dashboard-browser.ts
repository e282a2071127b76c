import { afterAll, afterEach, beforeAll, beforeEach, expect, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from './chromium.js';
import { type DashboardUnderTest, startDashboardUnderTest } from './dashboard-under-test.js';

/** What a test of the page has: the dashboard of its file, and a page of its own. */
export interface Browsing {
  dashboard: DashboardUnderTest;
  context: BrowserContext;
  page: Page;
  /** What the browser complained about: refused styles and scripts, uncaught errors. */
  complaints: string[];
}

type ContextOptions = Parameters<Browser['newContext']>[0];

/** Has each test of the file begin with a page of its own, told to `take`, on one dashboard; a test fails if the browser complained in it. Returns what else a test may want of the browser. */
export function browseDashboard(take: (browsing: Browsing) => void) {
  // A browser on a busy machine takes its time.
  jest.setTimeout(60_000);
  let dashboard: DashboardUnderTest;
  let browser: Browser;
  let opened: Omit<Browsing, 'dashboard'>;

  async function open(options?: ContextOptions): Promise<void> {
    opened = await openPage(browser, options);
    take({ dashboard, ...opened });
  }

  beforeAll(async () => {
    dashboard = await startDashboardUnderTest();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await dashboard.close();
  });
  beforeEach(() => open());
  afterEach(async () => {
    await opened.context.close();
    expect(unexpected(opened.complaints)).toEqual([]);
  });

  return {
    /** Takes another page in place of the one that the test began with. */
    reopen: async (options: ContextOptions): Promise<void> => {
      await opened.context.close();
      await open(options);
    },
    /** Signs an operator in, who then sees the overview. */
    signIn: async (operator = 'jane'): Promise<void> => {
      await opened.page.goto(await dashboard.makeLoginLink(operator));
      await opened.page.getByRole('heading', { name: 'Overview' }).waitFor();
    },
  };
}

/** Opens a page in a context that shares nothing with others. */
async function openPage(
  browser: Browser,
  options: ContextOptions = { colorScheme: 'light' },
): Promise<Omit<Browsing, 'dashboard'>> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on(
    'console',
    (message) => void (message.type() === 'error' && complaints.push(`${message.text()} ${message.location().url}`)),
  );
  page.on('pageerror', (error) => void complaints.push(error.message));
  return { context, page, complaints };
}

/** The complaints but for those about what was refused on purpose: Chromium says so whenever it does not get what it asked for, as an expected 401. */
const unexpected = (complaints: readonly string[]): string[] =>
  complaints.filter((text) => !text.startsWith('Failed to load resource'));
