import { describe, expect, it } from '@jest/globals';
import { addressOf, routeOf } from './route.js';

describe('routeOf', () => {
  it.each([
    ['/', { view: 'overview' }],
    ['/login', { view: 'login' }],
    ['/runs?state=failed', { view: 'runs' }],
    ['/pauses?tenantHost=a', { view: 'pauses' }],
    ['/pauses/01a2', { view: 'unknown' }],
    ['/runs/01a2', { view: 'run', id: '01a2' }],
    ['/customers/01a2', { view: 'customer', id: '01a2' }],
    ['/login/more', { view: 'unknown' }],
    ['/runs/01a2/more', { view: 'unknown' }],
    ['/nowhere', { view: 'unknown' }],
  ])('%s', (address, route) => expect(routeOf(address)).toMatchObject(route));

  it('keeps the query', () => expect(routeOf('/runs?state=failed').query.get('state')).toBe('failed'));
});

describe('addressOf', () => {
  it('leaves empty filters out and escapes the others', () => {
    expect(addressOf('/runs', { state: '', code: 'A&B', cursor: undefined })).toBe('/runs?code=A%26B');
    expect(addressOf('/runs', { state: '' })).toBe('/runs');
  });
});
