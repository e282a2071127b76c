import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessRefusals, ApiKeyRefused, type Caller, requireScope } from '@app/access';
import { AuditTrail } from '@app/audit';
import type { DomainError } from '@app/platform';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let audit: AuditTrail;
let refusals: AccessRefusals;
let now: Date;

beforeAll(async () => {
  test = await createTestDatabase();
  audit = new AuditTrail(test.database);
});
afterAll(() => test.close());
beforeEach(() => {
  now = new Date();
  refusals = new AccessRefusals(test.database, audit, () => now);
});

const operation = 'POST /v1/customers';
const events = async () => (await audit.list({ chain: 'system', action: 'access.refused', limit: 1000 })).events;

describe('a refusal', () => {
  it('of a known caller is kept, each time', async () => {
    const caller: Caller = { kind: 'api-key', id: 'k1', name: 'crm', scopes: [], actor: 'api-key:k1' };
    let error: DomainError | undefined;
    try {
      requireScope(caller, 'customers:write');
    } catch (thrown) {
      error = thrown as DomainError;
    }
    const before = (await events()).length;
    expect(await refusals.recordRefusal({ error: error!, operation, caller })).toBe(true);
    expect(await refusals.recordRefusal({ error: error!, operation, caller })).toBe(true);
    const [event, ...older] = await events();
    expect(older.length + 1 - before).toBe(2);
    expect(event).toMatchObject({
      actor: 'api-key:k1',
      subject: { apiKeyId: 'k1' },
      data: { code: 'SCOPE_MISSING', scope: 'customers:write', operation },
    });
  });

  it('of a key that exists is kept once a minute, with the number left out', async () => {
    const error = new ApiKeyRefused('API_KEY_REVOKED', 'revoked', 'k2');
    const before = (await events()).length;
    expect(await refusals.recordRefusal({ error, operation })).toBe(true);
    for (let n = 0; n < 5; n++) expect(await refusals.recordRefusal({ error, operation })).toBe(false);
    expect((await events()).length - before).toBe(1);
    expect((await events())[0]).toMatchObject({ actor: 'api-key:k2', subject: { apiKeyId: 'k2' } });
    now = new Date(now.getTime() + 60_000);
    expect(await refusals.recordRefusal({ error, operation })).toBe(true);
    expect((await events())[0]).toMatchObject({ data: { code: 'API_KEY_REVOKED', operation, unrecorded: 5 } });
  });

  it('is counted for each key and code by itself', async () => {
    const refuse = (code: 'API_KEY_EXPIRED' | 'API_KEY_REVOKED', keyId: string) =>
      refusals.recordRefusal({ error: new ApiKeyRefused(code, code, keyId), operation });
    expect(await refuse('API_KEY_EXPIRED', 'k3')).toBe(true);
    expect(await refuse('API_KEY_REVOKED', 'k3')).toBe(true);
    expect(await refuse('API_KEY_EXPIRED', 'k4')).toBe(true);
    expect(await refuse('API_KEY_EXPIRED', 'k3')).toBe(false);
  });

  it("does not call somebody a key's holder who lacks its secret", async () => {
    const error = new ApiKeyRefused('API_KEY_UNKNOWN', 'unknown', 'k5');
    expect(await refusals.recordRefusal({ error, operation })).toBe(true);
    expect((await events())[0]).toMatchObject({ actor: 'anonymous', subject: { apiKeyId: 'k5' } });
  });

  it('of nobody known leaves no event, however many come', async () => {
    const before = (await events()).length;
    for (const code of ['API_KEY_MALFORMED', 'API_KEY_UNKNOWN'] as const) {
      expect(await refusals.recordRefusal({ error: new ApiKeyRefused(code, code), operation })).toBe(false);
    }
    expect((await events()).length).toBe(before);
  });
});
