import { describe, expect, it } from '@jest/globals';
import { isAllowedOrigin, isRedirectUri } from './web-address.js';

describe('isRedirectUri', () => {
  it.each([
    'https://app.example/callback?x=1',
    'https://app.example',
    'http://localhost:3000/callback',
    'http://127.0.0.1/cb',
    'http://[::1]:8080/cb',
    'https://app.example/any/*?x=*',
  ])('takes %s', (value) => expect(isRedirectUri(value)).toBe(true));

  it.each([
    'http://app.example/callback',
    'http://localhost.evil.example/',
    'https://app.example/#fragment',
    'https://app.example/#',
    'https://user:pass@app.example/',
    ' https://app.example/',
    'https://app.example\\@evil.example/',
    'javascript:alert(1)',
    'app.example/callback',
    'https://',
    'https://*.app.example/',
    'https://аpple.example/',
  ])('refuses %j', (value) => expect(isRedirectUri(value)).toBe(false));
});

describe('isAllowedOrigin', () => {
  it.each(['https://app.example', 'https://app.example:8443', 'http://localhost:5173'])('takes %s', (value) => {
    expect(isAllowedOrigin(value)).toBe(true);
  });

  it.each(['https://app.example/', 'https://app.example/x', 'http://app.example', 'https://APP.example', '*', 'null'])(
    'refuses %s',
    (value) => expect(isAllowedOrigin(value)).toBe(false),
  );
});
