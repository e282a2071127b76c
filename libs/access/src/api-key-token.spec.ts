import { describe, expect, it } from '@jest/globals';
import { issueKey, parseKey } from './api-key-token.js';

describe('an API key', () => {
  it('has the form that secret scanners are told, at every value', () => {
    for (let n = 0; n < 300; n++) expect(issueKey().key.reveal()).toMatch(/^tp_[a-z0-9]{12}_[0-9A-Za-z]{49}$/);
  });

  it('is read back as what was issued', () => {
    const { id, secretHash, key } = issueKey();
    expect(parseKey(key.reveal())).toEqual({ id, secretHash });
  });

  it('is never issued twice', () => {
    const keys = Array.from({ length: 300 }, () => issueKey());
    expect(new Set(keys.map(({ id }) => id)).size).toBe(300);
    expect(new Set(keys.map(({ secretHash }) => Buffer.from(secretHash).toString('hex'))).size).toBe(300);
  });

  it('does not pass with any one character changed', () => {
    const key = issueKey().key.reveal();
    for (let at = 0; at < key.length; at++) {
      const other = key[at] === 'a' ? 'b' : 'a';
      expect(parseKey(key.slice(0, at) + other + key.slice(at + 1))).toBeUndefined();
    }
  });

  it.each([
    ['nothing', () => ''],
    ['a part', (key: string) => key.slice(0, -1)],
    ['more', (key: string) => `${key}0`],
    ['white space before', (key: string) => ` ${key}`],
    ['a line break after', (key: string) => `${key}\n`],
    ['upper case', (key: string) => key.toUpperCase()],
    ['another prefix', (key: string) => key.replace('tp_', 'tq_')],
  ])('does not pass with %s', (_what, change) => {
    expect(parseKey(change(issueKey().key.reveal()))).toBeUndefined();
  });
});
