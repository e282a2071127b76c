import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Notifications, Secret } from '@app/platform';
import { ApiMetrics } from '../metrics/api-metrics.js';
import { isGivenAgain, type MintedToken, restOf, tell } from './minted-token.js';
import { TokenBroker } from './token-broker.js';
import { TokenMetrics } from './token-metrics.js';
import type { Asking, TokenMinting } from './token-minting.js';
import type { NewToken } from './token.schema.js';

const CUSTOMER = '0195b1c0-0000-7000-8000-000000000001';
const OTHER = '0195b1c0-0000-7000-8000-000000000002';
const asking = {} as Asking;
const wanted = (value: string, scope?: string): NewToken => ({
  user: { field: 'userId', value },
  ...(scope === undefined ? {} : { scope }),
});

/** A mint whose tokens come when the test lets them. */
class Mint {
  readonly flights: { of: string; land: () => void; fail: (error: Error) => void; token: MintedToken }[] = [];
  ageMs = 0;

  constructor(private readonly lifeMs: number) {}

  mint(customerId: string, { user }: NewToken): Promise<MintedToken> {
    const of = `${customerId} ${user.value} ${this.flights.length}`;
    const token: MintedToken = {
      ...{ token: new Secret(of), scope: 's', lifeMs: this.lifeMs, expiresAt: '' },
      age: () => this.ageMs,
    };
    return new Promise((resolve, reject) => {
      this.flights.push({ of, token, land: () => resolve(token), fail: reject });
    });
  }
}

let mint: Mint;
let broker: TokenBroker;
let metrics: ApiMetrics;
let notifications: { isHearing: boolean; changed: (subject: string) => void; lost: () => void };

function open(lifeMs = 3_600_000): void {
  mint = new Mint(lifeMs);
  metrics = new ApiMetrics();
  notifications = { isHearing: true, changed: () => undefined, lost: () => undefined };
  const subscribe: Notifications['subscribe'] = (_channel, listener) => Object.assign(notifications, listener);
  broker = new TokenBroker(
    mint as unknown as TokenMinting,
    new TokenMetrics(metrics),
    Object.assign(notifications, { subscribe }) as unknown as Notifications,
  );
}

beforeEach(() => open());

const get = async (customerId: string, asked: NewToken): Promise<string> =>
  (await broker.getToken(customerId, asked, asking)).token.reveal();

/** Gets a token that must come from Qlik. */
async function getFresh(customerId: string, asked: NewToken): Promise<string> {
  const number = mint.flights.length;
  const got = get(customerId, asked);
  mint.flights[number]!.land();
  return got;
}

const given = async () => {
  const { values } = await metrics.registry.getSingleMetric('provisioner_tokens_total')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels.source, value]));
};

describe('TokenBroker', () => {
  it('asks once for those who come at the same time, and remembers', async () => {
    const both = Promise.all([get(CUSTOMER, wanted('u')), get(CUSTOMER, wanted('u'))]);
    mint.flights[0]!.land();
    const [one, other] = await both;
    expect([other, await get(CUSTOMER, wanted('u')), mint.flights.length]).toEqual([one, one, 1]);
    expect(await given()).toEqual({ qlik: 1, cache: 2 });
  });

  it('tells customers, users, fields and scopes apart, and scopes in another order not', async () => {
    const asked: [string, NewToken][] = [
      [CUSTOMER, wanted('u')],
      [OTHER, wanted('u')],
      [CUSTOMER, wanted('v')],
      [CUSTOMER, { user: { field: 'subject', value: 'u' } }],
      [CUSTOMER, wanted('u', 'a')],
      [CUSTOMER, wanted('u', 'a b')],
      [CUSTOMER, wanted('u","a')],
    ];
    const tokens = [];
    for (const [customerId, one] of asked) tokens.push(await getFresh(customerId, one));
    expect(new Set(tokens).size).toBe(asked.length);
    expect(await get(CUSTOMER, wanted('u', 'b a b'))).toBe(tokens[5]);
  });

  it('gives a token again only while it lives for another minute', async () => {
    const first = await getFresh(CUSTOMER, wanted('u'));
    mint.ageMs = 3_600_000 - 60_000;
    expect(await get(CUSTOMER, wanted('u'))).toBe(first);
    mint.ageMs += 1;
    expect(await getFresh(CUSTOMER, wanted('u'))).not.toBe(first);
  });

  it('gives a short token again only while it has a tenth of its life', async () => {
    open(100_000);
    const first = await getFresh(CUSTOMER, wanted('u'));
    mint.ageMs = 90_000;
    expect(await get(CUSTOMER, wanted('u'))).toBe(first);
    mint.ageMs += 1;
    expect(await getFresh(CUSTOMER, wanted('u'))).not.toBe(first);
  });

  it('gives an error to all who waited for it, and remembers none', async () => {
    const both = [get(CUSTOMER, wanted('u')), get(CUSTOMER, wanted('u'))];
    mint.flights[0]!.fail(new Error('no such user'));
    for (const one of both) await expect(one).rejects.toThrow('no such user');
    expect(await getFresh(CUSTOMER, wanted('u'))).toBe(mint.flights[1]!.of);
    expect(await given()).toEqual({ qlik: 1, cache: 0 });
  });

  it('drops what a change has made stale, of that customer alone', async () => {
    const first = await getFresh(CUSTOMER, wanted('u'));
    const others = await getFresh(OTHER, wanted('u'));
    notifications.changed(CUSTOMER);
    expect(await getFresh(CUSTOMER, wanted('u'))).not.toBe(first);
    expect(await get(OTHER, wanted('u'))).toBe(others);
  });

  it('neither shares nor remembers a token that was on its way when something changed', async () => {
    const before = get(CUSTOMER, wanted('u'));
    notifications.changed(CUSTOMER);
    const after = get(CUSTOMER, wanted('u'));
    expect(mint.flights).toHaveLength(2);
    mint.flights[1]!.land();
    mint.flights[0]!.land();
    expect(await before).not.toBe(await after);
    expect(await get(CUSTOMER, wanted('u'))).toBe(await after);
  });

  it('does not let one that failed late take out the one that took its place', async () => {
    const before = get(CUSTOMER, wanted('u'));
    notifications.changed(CUSTOMER);
    const after = await getFresh(CUSTOMER, wanted('u'));
    mint.flights[0]!.fail(new Error('late'));
    await expect(before).rejects.toThrow('late');
    expect(await get(CUSTOMER, wanted('u'))).toBe(after);
  });

  it('gives each its own while changes are not heard, and forgets everything when the connection is lost', async () => {
    await getFresh(CUSTOMER, wanted('u'));
    notifications.isHearing = false;
    await getFresh(CUSTOMER, wanted('u'));
    await getFresh(CUSTOMER, wanted('u'));
    notifications.lost();
    notifications.isHearing = true;
    await getFresh(CUSTOMER, wanted('u'));
    expect(mint.flights).toHaveLength(4);
  });
});

describe('a minted token', () => {
  const token = (lifeMs: number, ageMs: number): MintedToken => ({
    ...{ token: new Secret('x'), scope: '', expiresAt: '', lifeMs },
    age: () => ageMs,
  });

  it('has no less than nothing left', () => expect(restOf(token(1_000, 5_000))).toBe(0));

  it('is told with what is left of its life in whole seconds, each time anew', () => {
    let ageMs = 100;
    const minted = { ...token(60_000, 0), age: () => ageMs };
    const told = (): unknown => JSON.parse(tell(minted));
    expect([told(), told()]).toEqual(
      Array(2).fill(expect.objectContaining({ expiresInSeconds: 59, accessToken: 'x' })),
    );
    ageMs = 1_001;
    expect(told()).toMatchObject({ expiresInSeconds: 58 });
  });

  it('that was told shows itself to nobody who prints it', () => {
    const minted = { ...token(60_000, 0), token: new Secret('not-to-be-printed') };
    expect(tell(minted)).toContain('not-to-be-printed');
    expect(inspect(minted, { depth: null }) + JSON.stringify(minted)).not.toContain('not-to-be-printed');
  });

  it('that Qlik gave no life is not given again', () => expect(isGivenAgain(token(0, 1))).toBe(false));
});
