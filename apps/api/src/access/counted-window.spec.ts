import { beforeEach, describe, expect, it } from '@jest/globals';
import { CountedWindow } from './counted-window.js';

let nowMs: number;
let window: CountedWindow;

beforeEach(() => {
  nowMs = 1_000;
  window = new CountedWindow('default', 2, () => nowMs);
});

describe('CountedWindow', () => {
  it('counts what each does by itself', () => {
    expect(window.take('a')).toEqual({ policy: 'default', limit: 2, remaining: 1, resetSeconds: 60 });
    expect(window.take('a').remaining).toBe(0);
    expect(window.take('a').remaining).toBe(-1);
    expect(window.take('b').remaining).toBe(1);
  });

  it('begins anew a minute after the first, and not before', () => {
    window.take('a');
    nowMs += 59_999;
    expect(window.take('a')).toMatchObject({ remaining: 0, resetSeconds: 1 });
    nowMs += 1;
    expect(window.take('a')).toMatchObject({ remaining: 1, resetSeconds: 60 });
  });

  it('never ends later than its length from now, whatever the fraction of the clock', () => {
    for (nowMs = 12_000.1; nowMs < 12_010; nowMs += 0.137) expect(window.look('a').resetSeconds).toBe(60);
  });

  it('counts nothing when it is only looked at', () => {
    for (let n = 0; n < 5; n++) expect(window.look('a').remaining).toBe(2);
    window.take('a');
    expect(window.look('a').remaining).toBe(1);
  });

  it('forgets whose window began first rather than grow without end', () => {
    window.take('first');
    for (let n = 0; n < 10_000; n++) window.take(`other ${n}`);
    expect(window.look('first').remaining).toBe(2);
    expect(window.look('other 9999').remaining).toBe(1);
  });
});
