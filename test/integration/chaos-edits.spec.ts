import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { applyEdits } from '../chaos/seams/module-edit.js';
import { namedEdits } from '../chaos/seams/named-edits.js';

// Otherwise a change of the product shows only when the guards are taken away next, which takes long.
it.each(Object.entries(namedEdits))('the edits "%s" of the chaos suite find what they change', (_name, edits) => {
  for (const module of new Set(edits.map((edit) => edit.module))) {
    const source = readFileSync(`dist/${module}`, 'utf8');
    expect(applyEdits(module, source, edits)).not.toBe(source);
  }
});
