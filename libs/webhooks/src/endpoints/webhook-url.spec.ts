import { describe, expect, it } from '@jest/globals';
import { webhookUrlFault } from './webhook-url.js';

describe('webhookUrlFault', () => {
  it.each(['https://app.example/hooks', 'https://app.example', 'https://a.b.example:8443/h?tenant=1'])(
    'lets %s be',
    (url) => expect(webhookUrlFault(url, false)).toBeUndefined(),
  );

  it.each([
    ['http://app.example/hooks', 'must be an https URL'],
    ['ftp://app.example', 'must be a URL'],
    ['https://user:pw@app.example/', 'must not have a user'],
    ['https://user@app.example/', 'must not have a user'],
    ['https://app.example/#x', 'must not have a fragment'],
    ['https://app.example/#', 'must not have a fragment'],
    ['https:// app.example/', 'must be a URL'],
    ['https:\\\\app.example', 'must be a URL'],
    ['https://ärger.example/', 'must be a URL'],
    ['https://169.254.169.254/latest', 'must have a name'],
    ['https://0xa9fea9fe/', 'must have a name'],
    ['https://2852039166/', 'must have a name'],
    ['https://0251.0376.0251.0376/', 'must have a name'],
    ['https://8.8.8.8/', 'must have a name'],
    ['https://[::1]/', 'must have a name'],
    ['https://[::ffff:169.254.169.254]/', 'must have a name'],
    ['https://localhost/', 'must have the full name'],
    ['https://metadata/', 'must have the full name'],
    ['https://app.example./', 'must have the full name'],
    ['https://', 'must be a URL'],
  ])('refuses %s', (url, fault) => {
    expect(webhookUrlFault(url, false)).toContain(fault);
  });

  it.each(['http://localhost:4000/h', 'http://127.0.0.1:4000', 'https://[::1]:4000/'])(
    'lets %s be in development alone',
    (url) => {
      expect(webhookUrlFault(url, true)).toBeUndefined();
      expect(webhookUrlFault(url, false)).toEqual(expect.any(String));
    },
  );

  it('lets nothing else of this machine or its network be in development', () => {
    for (const url of ['http://app.example/', 'https://10.0.0.1/', 'https://127.0.0.2/', 'https://intranet/']) {
      expect(webhookUrlFault(url, true)).toEqual(expect.any(String));
    }
  });
});
