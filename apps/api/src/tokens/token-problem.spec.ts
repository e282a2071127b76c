import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@app/platform';
import { QlikError, type QlikErrorCode } from '@app/qlik';
import { problemCatalog } from '../problems/problem-catalog.js';
import { tellQlikError, tokenProblems } from './token-problem.js';

const told = (code: QlikErrorCode, more: object = {}): DomainError => {
  const error = tellQlikError(new QlikError(code, { operation: 'token', host: 'acme.eu.qlikcloud.com', ...more }));
  if (!(error instanceof DomainError)) throw new Error(`"${code}" is not told.`);
  return error;
};

describe('tellQlikError', () => {
  it.each<[QlikErrorCode, number]>([
    ['USER_NOT_FOUND', 422],
    ['TENANT_DISABLED', 502],
    ['CREDENTIAL_REFUSED', 502],
    ['QLIK_UNAVAILABLE', 502],
    ['QLIK_RATE_LIMITED', 503],
    ['TENANT_BUSY', 503],
    ['TENANT_CIRCUIT_OPEN', 503],
    ['QLIK_TIMEOUT', 504],
  ])('tells %s with %i', (code, status) => {
    expect(problemCatalog[told(code).code as keyof typeof problemCatalog].status).toBe(status);
  });

  it('has a problem in the catalog for every code that it tells, and sends nobody to a run', () => {
    for (const code of tokenProblems) {
      expect(problemCatalog).toHaveProperty(code);
    }
    expect(told('CREDENTIAL_REFUSED').message).not.toMatch(/\brun\b/);
  });

  it('gives Qlik’s own words and the time to wait', () => {
    const qlik = { status: 429, code: 'HTTP-429', title: 'Too many', traceId: 't1' };
    const error = told('QLIK_RATE_LIMITED', { qlik, retryAfterMs: 1_001 });
    expect([error.facts, error.retryAfterSeconds]).toEqual([{ qlik }, 2]);
  });

  it('has neither where Qlik did not speak', () => {
    const error = told('QLIK_UNREACHABLE', { networkCode: 'ECONNRESET' });
    expect([error.facts, error.retryAfterSeconds]).toEqual([{}, undefined]);
  });

  it('gives back what is no error of Qlik’s, and one that a token cannot meet', () => {
    const other = new Error('other');
    expect(tellQlikError(other)).toBe(other);
    const parent = new QlikError('PARENT_REFUSED', { operation: 'token', host: 'h' });
    expect(tellQlikError(parent)).toBe(parent);
  });
});
