import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** A page of its own, with what the browser complained about: refused styles and scripts, uncaught errors. */
export interface OpenPage {
  context: BrowserContext;
  page: Page;
  complaints: string[];
}

/** Starts Chromium without what it would ask of the network. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });

/** Opens a page in a context that shares nothing with others. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = { colorScheme: 'light' },
): Promise<OpenPage> {
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
export const unexpected = (complaints: readonly string[]): string[] =>
  complaints.filter((text) => !text.startsWith('Failed to load resource'));
