import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Stands in the built page wherever the nonce of a response belongs (vite.config.ts has the same). */
export const NONCE_PLACEHOLDER = '__CSP_NONCE__';

/** The injection token of the WebBuild, or of undefined. */
export const WEB_BUILD = Symbol('WEB_BUILD');

/** The page as `vite build` left it. */
export interface WebBuild {
  folder: string;
  /** `index.html`, with its placeholder. */
  html: string;
}

/** The build in `folder`; undefined when there is none, or only the page's source. */
export async function findWebBuild(folder: string): Promise<WebBuild | undefined> {
  try {
    const html = await readFile(join(folder, 'index.html'), 'utf8');
    return html.includes(NONCE_PLACEHOLDER) ? { folder, html } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
