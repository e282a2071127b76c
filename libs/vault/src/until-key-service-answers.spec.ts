import { describe, expect, it } from '@jest/globals';
import { KeyProviderError } from './key-provider-error.js';
import { untilKeyServiceAnswers } from './until-key-service-answers.js';

/** Throws each of the errors once, then answers. */
const answeringAfter = (...errors: Error[]) => {
  const tries = { count: 0 };
  const work = () => {
    const error = errors[tries.count];
    tries.count += 1;
    return error === undefined ? Promise.resolve('answer') : Promise.reject(error);
  };
  return { work, tries };
};
const away = () => new KeyProviderError(new Error('503'), 'AWS KMS in "eu-west-1"', 'HTTP 503');

describe('untilKeyServiceAnswers', () => {
  it('asks again while the service is away', async () => {
    const { work, tries } = answeringAfter(away(), away());
    expect(await untilKeyServiceAnswers(work, [1, 1])).toBe('answer');
    expect(tries.count).toBe(3);
  });

  it('gives up after the last pause, with the service, its last word and how often it was asked', async () => {
    const { work, tries } = answeringAfter(away(), away(), away());
    const attempt = untilKeyServiceAnswers(work, [1, 1]);
    await expect(attempt).rejects.toMatchObject({ code: 'KEY_PROVIDER_UNAVAILABLE', retryAfterSeconds: 5 });
    await expect(attempt).rejects.toThrow(/^AWS KMS in "eu-west-1" did not .+ \(HTTP 503\).+ It was asked 3 times\.$/);
    expect(tries.count).toBe(3);
  });

  it('does not ask again for anything else', async () => {
    const { work, tries } = answeringAfter(new Error('a wrong key'));
    await expect(untilKeyServiceAnswers(work, [1, 1])).rejects.toThrow('a wrong key');
    expect(tries.count).toBe(1);
  });
});
