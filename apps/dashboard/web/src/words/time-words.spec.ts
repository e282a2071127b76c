import { describe, expect, it } from '@jest/globals';
import { tellAge, tellDuration, tellRelative, tellSpan } from './time-words.js';

describe('tellDuration', () => {
  it.each([
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [61_000, '1 min 1 s'],
    [3_599_400, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [90_000_000, '1 d 1 h'],
  ])('tells %d ms as %s', (ms, words) => expect(tellDuration(ms)).toBe(words));
});

describe('tellRelative', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');

  it.each([
    ['2026-11-22T12:00:00.400Z', 'just now'],
    ['2026-11-22T11:59:01Z', '59 seconds ago'],
    ['2026-11-22T12:01:35Z', 'in 1 minute'],
    ['2026-11-22T10:00:01Z', '1 hour ago'],
    ['2026-11-21T11:00:00Z', 'yesterday'],
  ])('tells %s as %s', (at, words) => expect(tellRelative(at, now)).toBe(words));
});

describe('tellSpan', () => {
  it.each([
    [90 * 86_400_000, '90 days'],
    [86_400_000, '1 day'],
    [36 * 3_600_000, '36 hours'],
    [5_400_000, '90 minutes'],
    [1_500, '1.5 s'],
    [0, '0 ms'],
  ])('tells %d ms as %s', (ms, words) => expect(tellSpan(ms)).toBe(words));
});

describe('tellAge', () => {
  it.each([
    [12.9 * 86_400_000, '12 days'],
    [3_600_000, '1 hour'],
    [59_999, '59 seconds'],
    [0, 'less than a second'],
    [-1, 'less than a second'],
  ])('tells %d ms as %s', (ms, words) => expect(tellAge(ms)).toBe(words));
});
