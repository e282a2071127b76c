import { describe, expect, it } from '@jest/globals';
import { IMPERSONATION_GRANTS, type OAuthClient } from '@app/qlik';
import fc from 'fast-check';
import type { Finding } from './finding-kinds.js';
import { compareClient, type SeenClient, type WantedClient } from './findings.js';
import type { RecordedClient, RecordedSecret } from './recorded-client.reader.js';

const customerId = '0190a0b0-0000-7000-8000-000000000001';
const nameOf = (owner: string, bits: string) => `tenant-provisioner/${owner}/${bits.repeat(32)}`;
const clientName = nameOf(customerId, 'a');
const createdAt = '2026-11-22T10:00:00Z';

const wanted: WantedClient = {
  customerId,
  scopes: ['user_default', 'apps:read'],
  redirectUris: ['https://app.example/a', 'https://app.example/b'],
  allowedOrigins: ['https://app.example'],
};

const secret = (id: string, changes: Partial<RecordedSecret> = {}): RecordedSecret => ({
  id,
  isCurrent: false,
  hint: `${id}-h`,
  mustShow: true,
  ...changes,
});

const current = secret('v2', { isCurrent: true });
const previous = secret('v1');

const recordedWith = (secrets: RecordedSecret[], changes: Partial<RecordedClient> = {}): RecordedClient => ({
  oauthClientId: 'row',
  clientId: 'c1',
  clientName,
  originsRefused: false,
  found: null,
  secrets,
  ...changes,
});
const recorded = recordedWith([current, previous]);

const client: OAuthClient = {
  clientId: 'c1',
  clientName,
  appType: 'web',
  createdAt,
  allowedGrantTypes: [...IMPERSONATION_GRANTS],
  allowedScopes: wanted.scopes,
  redirectUris: wanted.redirectUris,
  allowedOrigins: wanted.allowedOrigins,
  clientSecrets: [{ hint: 'v1-h' }, { hint: 'v2-h' }],
};
const itself = { clientId: 'c1', clientName, createdAt };

/** What Qlik shows of a client like the wanted one, but for `changes`. */
const seenWith = (changes: Partial<OAuthClient> = {}, more: Partial<SeenClient> = {}): SeenClient => ({
  client: { ...client, ...changes },
  consentMethod: 'trusted',
  marked: [itself],
  ...more,
});

const hints = (...shown: string[]) => seenWith({ clientSecrets: shown.map((hint) => ({ hint })) });
const settings = 'settings' as const;

describe('compareClient', () => {
  it.each<[string, Finding, SeenClient]>([
    ['is gone', { kind: 'CLIENT_MISSING', repair: null }, { client: undefined, consentMethod: undefined, marked: [] }],
    ['is disabled', { kind: 'CLIENT_DISABLED', repair: null }, seenWith({ disableTag: 'by an administrator' })],
    ['has another name', { kind: 'CLIENT_RENAMED', repair: settings }, seenWith({ clientName: 'renamed' })],
    ['asks for consent', { kind: 'CONSENT_CHANGED', repair: 'consent' }, seenWith({}, { consentMethod: 'required' })],
    ['has no consent', { kind: 'CONSENT_CHANGED', repair: 'consent' }, seenWith({}, { consentMethod: undefined })],
    [
      'lost a grant',
      { kind: 'GRANTS_CHANGED', repair: settings, missing: 1, extra: 0 },
      seenWith({ allowedGrantTypes: ['client_credentials'] }),
    ],
    [
      'has no grants, which Qlik may leave out',
      { kind: 'GRANTS_CHANGED', repair: settings, missing: 2, extra: 0 },
      seenWith({ allowedGrantTypes: [] }),
    ],
    [
      'has a scope for another',
      { kind: 'SCOPES_CHANGED', repair: settings, missing: 1, extra: 1 },
      seenWith({ allowedScopes: ['user_default', 'admin.users'] }),
    ],
    [
      'may do more than it should',
      { kind: 'SCOPES_CHANGED', repair: settings, missing: 0, extra: 1 },
      seenWith({ allowedScopes: [...wanted.scopes, 'admin.users'] }),
    ],
    [
      'lost its redirect URIs',
      { kind: 'REDIRECT_URIS_CHANGED', repair: settings, missing: 2, extra: 0 },
      seenWith({ redirectUris: [] }),
    ],
    [
      'has another origin as well',
      { kind: 'ORIGINS_CHANGED', repair: settings, missing: 0, extra: 1 },
      seenWith({ allowedOrigins: ['https://evil.example', ...wanted.allowedOrigins] }),
    ],
    [
      'lost the secret that is handed out',
      { kind: 'SECRET_MISSING', repair: null, secretVersionId: 'v2', isCurrent: true },
      hints('v1-h'),
    ],
    [
      'lost the secret that is in its grace',
      { kind: 'SECRET_MISSING', repair: null, secretVersionId: 'v1', isCurrent: false },
      hints('v2-h'),
    ],
    [
      'has secrets of somebody else',
      { kind: 'SECRET_UNRECOGNISED', repair: null, count: 2 },
      hints('v2-h', 'other', 'v1-h', 'more'),
    ],
    [
      'has another secret of the hint of ours',
      { kind: 'SECRET_UNRECOGNISED', repair: null, count: 1 },
      hints('v2-h', 'v1-h', 'v2-h'),
    ],
    [
      'is not alone',
      { kind: 'CLIENT_DUPLICATED', repair: null, clientIds: ['c2', 'c3'] },
      seenWith({}, { marked: ['c2', 'c1', 'c3', 'c2'].map((clientId) => ({ ...itself, clientId })) }),
    ],
  ])('finds only that the client %s', (_what, finding, seen) => {
    expect(compareClient(wanted, recorded, seen)).toEqual([finding]);
  });

  it.each<[string, SeenClient]>([
    ['redirect URIs', seenWith({ redirectUris: undefined })],
    ['origins', seenWith({ allowedOrigins: undefined })],
    ['secrets', seenWith({ clientSecrets: undefined })],
    ['secrets but for one hint', seenWith({ clientSecrets: undefined, clientSecretHint: 'other' })],
    ['a reason why it were disabled', seenWith({ disableTag: '' })],
    ['itself in the list', seenWith({}, { marked: [] })],
  ])('finds nothing where Qlik does not show %s', (_what, seen) => {
    expect(compareClient(wanted, recorded, seen)).toEqual([]);
  });

  describe('of a client that the OEM had made', () => {
    const found = {
      ...{ hints: ['a', 'b'], grants: ['authorization_code'], scopes: ['admin.users'] },
      ...{ redirectUris: ['https://old.example/'], allowedOrigins: ['https://old.example'] },
    };
    const brought = recordedWith([secret('v1', { isCurrent: true, hint: null })], { found });
    const minted = recordedWith([current], { found });

    it('lets be what was there first, and minds what came since', () => {
      const seen = {
        allowedGrantTypes: [...IMPERSONATION_GRANTS, 'authorization_code'],
        allowedScopes: [...wanted.scopes, 'admin.users'],
        redirectUris: [...wanted.redirectUris, 'https://old.example/'],
        allowedOrigins: [...wanted.allowedOrigins, 'https://old.example'],
        clientSecrets: [{ hint: 'a' }, { hint: 'b' }, { hint: 'v2-h' }],
      };
      expect(compareClient(wanted, minted, seenWith(seen))).toEqual([]);
      const more = { ...seen, allowedScopes: [...seen.allowedScopes, 'another'] };
      expect(compareClient(wanted, minted, seenWith(more))).toEqual([
        { kind: 'SCOPES_CHANGED', repair: settings, missing: 0, extra: 1 },
      ]);
    });

    it.each<[string, RecordedClient, string[], Finding[]]>([
      ['ours among those that were there', brought, ['a', 'b'], []],
      ['one of those that were there gone', brought, ['a'], []],
      ['one more than were there', brought, ['a', 'b', 'c'], [{ kind: 'SECRET_UNRECOGNISED', repair: null, count: 1 }]],
      ['none left', brought, [], [{ kind: 'SECRET_MISSING', repair: null, secretVersionId: 'v1', isCurrent: true }]],
      ['ours beside those that were there', minted, ['a', 'b', 'v2-h'], []],
      ['somebody else’s since', minted, ['a', 'c', 'v2-h'], [{ kind: 'SECRET_UNRECOGNISED', repair: null, count: 1 }]],
      [
        'those that were there, after a rotation',
        recordedWith([current], { found: { ...found, hints: [] } }),
        ['a', 'b', 'v2-h'],
        [{ kind: 'SECRET_UNRECOGNISED', repair: null, count: 2 }],
      ],
    ])('counts its secrets: %s', (_, row, shown, findings) => {
      expect(compareClient(wanted, row, hints(...shown))).toEqual(findings);
    });
  });

  it('leaves the origins of a client that could not have them', () => {
    const refused = recordedWith([current, previous], { originsRefused: true });
    expect(compareClient(wanted, refused, seenWith({ allowedOrigins: [] }))).toEqual([]);
  });

  it('leaves clients of other customers, and what somebody named by hand', () => {
    const names = [nameOf('0190a0b0-0000-7000-8000-000000000002', 'a'), `tenant-provisioner/${customerId}/by hand`];
    const marked = [itself, ...names.map((name, index) => ({ clientId: `x${index}`, clientName: name, createdAt }))];
    expect(compareClient(wanted, recorded, seenWith({}, { marked }))).toEqual([]);
  });

  it('names at most twenty further clients', () => {
    const marked = Array.from({ length: 23 }, (_, index) => ({ ...itself, clientId: `x${index}` }));
    const [found] = compareClient(wanted, recorded, seenWith({}, { marked }));
    expect(found?.clientIds).toHaveLength(20);
  });

  it('finds the further clients of one that is gone', () => {
    const seen = { client: undefined, consentMethod: undefined, marked: [{ ...itself, clientId: 'c2' }] };
    expect(compareClient(wanted, recorded, seen).map(({ kind }) => kind)).toEqual([
      'CLIENT_MISSING',
      'CLIENT_DUPLICATED',
    ]);
  });

  it('says nothing of names, hosts and hints', () => {
    const seen = seenWith(
      {
        clientName: 'renamed-by-hand',
        redirectUris: ['https://secret-host.example'],
        allowedOrigins: ['https://secret-host.example'],
        allowedScopes: ['secret-scope'],
        clientSecrets: [{ hint: 'hint5' }],
      },
      { consentMethod: 'required', marked: [{ ...itself, clientId: 'c2' }] },
    );
    const found = compareClient(wanted, recorded, seen);
    expect(found).toHaveLength(9);
    expect(JSON.stringify(found)).not.toMatch(/renamed|secret-|hint5|v2-h|tenant-provisioner/);
  });

  describe('knows a secret', () => {
    const fresh = { mustShow: false };
    it.each<[string, RecordedSecret[], string[], string[]]>([
      ['that is pending, whether it shows', [current, secret('v3', fresh)], ['v2-h', 'v3-h'], []],
      ['that is pending, or not yet', [current, secret('v3', fresh)], ['v2-h'], []],
      ['that was deleted just now and still shows', [current, secret('v1', fresh)], ['v2-h', 'v1-h'], []],
      ['whose hint nobody told us', [current, secret('v1', { hint: null })], ['v2-h', 'untold'], []],
      ['whose hint nobody told us, and one more', [secret('v1', { hint: null })], ['a', 'b'], ['SECRET_UNRECOGNISED']],
      ['whose hint nobody told us, where none shows', [secret('v1', { hint: null })], [], ['SECRET_MISSING']],
      [
        'whose hint nobody told us, where ours alone shows',
        [current, secret('v1', { hint: null })],
        ['v2-h'],
        ['SECRET_MISSING'],
      ],
      [
        'that two versions hold after a rollback',
        [secret('v3', { isCurrent: true, hint: 'v1-h' }), previous],
        ['v1-h'],
        [],
      ],
    ])('%s', (_which, secrets, shown, kinds) => {
      const found = compareClient(wanted, recordedWith(secrets), hints(...shown));
      expect(found.map(({ kind }) => kind)).toEqual(kinds);
    });
  });

  describe('of whatever was asked for', () => {
    const words = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 5 });
    const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
    /** A client as we asked for it and Qlik shows it: lists in any order, our own secrets, clients of others about. */
    const created = fc
      .record({ scopes: words, redirectUris: words, allowedOrigins: words, hints: words, isLate: fc.boolean() })
      .chain(({ hints: ours, isLate, ...lists }) => {
        const secrets = ours.map((hint, index) =>
          secret(`v${index}`, { hint, isCurrent: index === 0, mustShow: !isLate }),
        );
        return fc.record({
          wanted: fc.constant({ customerId, ...lists }),
          recorded: fc.constant(recordedWith(secrets)),
          client: fc.record({
            allowedScopes: shuffled(lists.scopes),
            redirectUris: shuffled(lists.redirectUris),
            allowedOrigins: fc.option(shuffled(lists.allowedOrigins), { nil: undefined }),
            allowedGrantTypes: shuffled(IMPERSONATION_GRANTS),
            clientSecrets: (isLate ? fc.shuffledSubarray(ours) : shuffled(ours)).map((list) =>
              list.map((hint) => ({ hint })),
            ),
          }),
        });
      });

    it('finds nothing about what was just created', () => {
      fc.assert(
        fc.property(created, ({ wanted: asked, recorded: row, client: shown }) => {
          expect(compareClient(asked, row, seenWith(shown))).toEqual([]);
        }),
      );
    });

    it('finds exactly what was changed since, however much that is', () => {
      const changes = {
        CLIENT_DISABLED: (seen: SeenClient) => change(seen, { disableTag: 'x' }),
        CLIENT_RENAMED: (seen: SeenClient) => change(seen, { clientName: 'other' }),
        CONSENT_CHANGED: (seen: SeenClient) => ({ ...seen, consentMethod: 'required' }),
        GRANTS_CHANGED: (seen: SeenClient) => change(seen, { allowedGrantTypes: ['client_credentials'] }),
        SCOPES_CHANGED: (seen: SeenClient) => change(seen, { allowedScopes: ['a scope of thirteen'] }),
        REDIRECT_URIS_CHANGED: (seen: SeenClient) => change(seen, { redirectUris: ['a URI of thirteen'] }),
        ORIGINS_CHANGED: (seen: SeenClient) => change(seen, { allowedOrigins: ['an origin of thirteen'] }),
        SECRET_UNRECOGNISED: (seen: SeenClient) =>
          change(seen, { clientSecrets: [...(seen.client?.clientSecrets ?? []), { hint: 'thirteen letters' }] }),
        CLIENT_DUPLICATED: (seen: SeenClient) => ({ ...seen, marked: [itself, { ...itself, clientId: 'c2' }] }),
      };
      const kinds = Object.keys(changes) as (keyof typeof changes)[];
      fc.assert(
        fc.property(created, fc.subarray(kinds), ({ wanted: asked, recorded: row, client: shown }, changed) => {
          const seen = changed.reduce((former, kind) => changes[kind](former), seenWith(shown));
          expect(compareClient(asked, row, seen).map(({ kind }) => kind)).toEqual(changed);
        }),
      );
    });
  });
});

function change(seen: SeenClient, changes: Partial<OAuthClient>): SeenClient {
  return { ...seen, client: seen.client && { ...seen.client, ...changes } };
}
