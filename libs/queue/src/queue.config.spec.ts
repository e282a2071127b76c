import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@app/platform';
import { queueSettings } from './queue.config.js';

describe('queueSettings', () => {
  it('leaves the queue on PostgreSQL where REDIS_URL is absent or empty', () => {
    expect(parseConfig(queueSettings, {}).REDIS_URL).toBeUndefined();
    expect(parseConfig(queueSettings, { REDIS_URL: '' }).REDIS_URL).toBeUndefined();
  });

  it.each(['redis://cache:6379', 'rediss://user:word@cache:6380/2'])('takes %s, as a secret', (url) => {
    const { REDIS_URL } = parseConfig(queueSettings, { REDIS_URL: url });
    expect(REDIS_URL?.reveal()).toBe(url);
    expect(JSON.stringify({ REDIS_URL })).not.toContain('cache');
  });

  it('refuses another scheme without repeating the value', () => {
    const parse = () => parseConfig(queueSettings, { REDIS_URL: 'http://user:word@cache' });
    expect(parse).toThrow('REDIS_URL: must start with redis:// or rediss://');
    expect(parse).not.toThrow('word');
  });
});
