import { describe, expect, it } from '@jest/globals';
import { inputOfNext } from './reconciliation-input.js';

const told = [{ kind: 'CLIENT_RENAMED', repair: 'settings' }];

describe('inputOfNext', () => {
  it.each([
    ['nothing known', null, {}, { told: [], changed: [] }],
    ['never compared', null, { told, changed: ['scopes'] }, { told, changed: ['scopes'] }],
    [
      'not set yet',
      { phase: 'drifted', told, changed: ['scopes'] },
      { changed: ['scopes', 'redirectUris'] },
      { told, changed: ['scopes'] },
    ],
    ['set, or refused', { phase: 'raised', told }, { changed: ['scopes'] }, { told, changed: [] }],
  ])('goes by what the run had come to: %s', (_what, intent, input, next) => {
    expect(inputOfNext({ intent, input })).toEqual(next);
  });
});
