import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  build: {
    outDir: here('../../../dist/apps/dashboard/web'),
    emptyOutDir: true,
    target: 'es2023',
    // A data: URL would not be allowed as a script, and saves nothing here.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      // "use client" is for servers that render React; this page is the client.
      onwarn: (warning, warn) => (warning.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : warn(warning)),
    },
  },
  // The server puts the nonce of each response in its place (page/web-build.ts).
  html: { cspNonce: '__CSP_NONCE__' },
});
