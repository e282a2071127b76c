import { describe, expect, it } from '@jest/globals';
import { IdPipe } from './id.pipe.js';

const id = '01a20109-bf8b-76df-98e2-059d5b0b24a5';

describe('IdPipe', () => {
  it('gives an id as the database writes it', () => {
    expect(new IdPipe('run').transform(id.toUpperCase())).toBe(id);
  });

  it.each(['', 'x', id.slice(1), `${id} `, `{${id}}`])('answers that nothing is named %p', (text) => {
    expect(() => new IdPipe('run').transform(text)).toThrow(
      expect.objectContaining({ kind: 'not-found', code: 'RUN_NOT_FOUND' }),
    );
  });
});
