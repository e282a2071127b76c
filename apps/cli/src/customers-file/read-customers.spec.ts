import { describe, expect, it } from '@jest/globals';
import { DomainError, Secret } from '@app/platform';
import { readCustomers } from './read-customers.js';

const hosts = { allows: (host: string) => host.endsWith('.eu.qlikcloud.com') };
const read = (text: string) => readCustomers(text, hosts);
const HEADER = 'externalId,name,tenantHost';
const code = (text: string) => {
  try {
    read(text);
  } catch (error) {
    if (error instanceof DomainError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return undefined;
};

describe('a file of customers', () => {
  it('gives each row as the API takes it, with the line on which it ends', () => {
    const text = [
      `name,externalId,tenantHost,redirectUris,allowedOrigins,scopes,rotation,metadata,verificationUser.field,verificationUser.value,existingClient.clientId,existingClient.clientSecret`,
      `"Acme, ""the"" Inc",acme,acme.eu.qlikcloud.com,https://a.example/1  https://a.example/2,https://a.example,user_default a,"{""intervalSeconds"": 86400}","{""tier"": ""gold""}",subject,s,c1,${'s'.repeat(32)}`,
      `, , ,,,,,,,,,`,
      ``,
      ` Beta ,beta,beta.eu.qlikcloud.com,,,,,,,,,`,
    ].join('\r\n');
    const [acme, beta, ...others] = read(text);
    expect(others).toEqual([]);
    expect(acme).toEqual({
      line: 2,
      externalId: 'acme',
      input: {
        ...{ externalId: 'acme', name: 'Acme, "the" Inc', tenantHost: 'acme.eu.qlikcloud.com' },
        redirectUris: ['https://a.example/1', 'https://a.example/2'],
        allowedOrigins: ['https://a.example'],
        scopes: ['user_default', 'a'],
        rotation: { intervalSeconds: 86400 },
        metadata: { tier: 'gold' },
        verificationUser: { field: 'subject', value: 's' },
        existingClient: { clientId: 'c1', clientSecret: expect.any(Secret) },
      },
    });
    expect(beta).toMatchObject({ line: 5, input: { name: 'Beta', scopes: ['user_default'], metadata: {} } });
  });

  it.each([
    ['a missing cell', 'a,,a.eu.qlikcloud.com', ['name: is missing']],
    ['a host that is not allowed', 'a,A,a.example', ['tenantHost: ']],
    ['several mistakes', 'ä,A,', ['externalId: must be of letters', 'tenantHost: is missing']],
  ])('names what is wrong with a row: %s', (_what, row, mistakes) => {
    expect(read(`${HEADER}\n${row}\n`)).toEqual([
      { line: 2, externalId: row.split(',')[0], mistakes: mistakes.map((text) => expect.stringContaining(text)) },
    ]);
  });

  it.each([
    ['rotation', '{', 'rotation: must be JSON'],
    ['rotation', '"{""every"": 1}"', 'rotation: has no member "every"'],
    ['existingClient.clientSecret', 'hunter2', 'existingClient.clientId: is missing'],
    ['verificationUser.value', 'x', 'verificationUser.field: '],
  ])('names what is wrong with a cell, and never what stands there: %s %s', (column, cell, mistake) => {
    const [row] = read(`${HEADER},${column}\na,A,a.eu.qlikcloud.com,${cell}\n`);
    expect(row!.mistakes).toContainEqual(expect.stringContaining(mistake));
    expect(JSON.stringify(row)).not.toContain('hunter2');
  });

  it('holds a row against those before it, but not against wrong ones', () => {
    const rows = [
      'a,A,a.eu.qlikcloud.com',
      'a,B,b.eu.qlikcloud.com',
      'c,C,a.eu.qlikcloud.com',
      'b,B,b.eu.qlikcloud.com',
    ];
    expect(read([HEADER, ...rows].join('\n')).map(({ mistakes }) => mistakes)).toEqual([
      undefined,
      ['externalId: "a" is on line 2 too'],
      ['tenantHost: "a.eu.qlikcloud.com" is on line 2 too'],
      undefined,
    ]);
  });

  it.each([
    ['nothing', '', 'is empty'],
    ['an unknown column', `${HEADER},secret\n`, 'no column "secret"'],
    ['another separator', 'externalId;name;tenantHost\n', 'with commas between'],
    ['a missing column', 'externalId,name\n', 'lacks "tenantHost"'],
    ['a column twice', `${HEADER},name\n`, '"name" is there twice'],
    ['a cell too many', `${HEADER}\na,A,a.eu.qlikcloud.com\nb,hunter2,b,c\n`, 'Line 3 has another number of cells'],
    ['a quote that is not closed', `${HEADER}\na,"hunter2,a\nb,B,b\n`, 'not closed'],
    ['a quote within a cell', `${HEADER}\na,hun"ter2,a\n`, 'Line 2 has a double quote'],
  ])('is refused as a whole where it has %s', (_what, text, message) => {
    expect(code(text)).toMatch(/^CUSTOMERS_FILE_INVALID: /);
    expect(code(text)).toContain(message);
    expect(code(text)).not.toMatch(/hunter2|hun"ter2/);
  });
});
