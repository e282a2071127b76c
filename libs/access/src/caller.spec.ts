import { describe, expect, it } from '@jest/globals';
import { type Caller, requireHeld, requireScope } from './caller.js';

const caller: Caller = { kind: 'api-key', id: 'k1', name: 'crm', scopes: ['runs:read'], actor: 'api-key:k1' };

describe('requireScope', () => {
  it('lets a caller pass who holds the scope', () => {
    expect(() => requireScope(caller, 'runs:read')).not.toThrow();
  });

  it('names the scope that is missing; a related one does not stand in for it', () => {
    let error: unknown;
    try {
      requireScope(caller, 'runs:write');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ kind: 'forbidden', code: 'SCOPE_MISSING', facts: { scope: 'runs:write' } });
    expect((error as Error).message).toContain('"runs:write"');
  });
});

describe('requireHeld', () => {
  it('lets those scopes be given that the giver holds', () => {
    expect(() => requireHeld(['runs:read', 'runs:write'], ['runs:read'])).not.toThrow();
  });

  it('names the first that the giver lacks', () => {
    expect(() => requireHeld(['runs:write'], ['runs:write', 'runs:read', 'audit:read'])).toThrow(
      expect.objectContaining({ kind: 'forbidden', code: 'SCOPE_NOT_HELD', facts: { scope: 'runs:read' } }),
    );
  });
});
