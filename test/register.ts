import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = new URL('../', import.meta.url).href;

/** Lets Node run the TypeScript in test/ as it is: `.js` is `.ts` there, and the product's own code comes from dist. */
registerHooks({
  resolve(specifier, context, next) {
    const lib = /^@app\/(\w+)$/.exec(specifier)?.[1];
    if (lib !== undefined) return next(`${root}dist/libs/${lib}/src/index.js`, context);
    if (!specifier.startsWith('.') || !context.parentURL?.startsWith(`${root}test/`)) return next(specifier, context);
    const url = new URL(specifier, context.parentURL).href;
    if (/^(apps|libs)\//.test(url.slice(root.length))) return next(`${root}dist/${url.slice(root.length)}`, context);
    const source = fileURLToPath(url).replace(/\.js$/, '.ts');
    return next(existsSync(source) ? pathToFileURL(source).href : specifier, context);
  },
});
