import { request } from 'undici';
import type { Stack } from '../stack.js';

/** What the API answered to a request for a token. */
export interface TokenAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: any;
}

/** What a sandbox's token says of itself. */
export interface Claims {
  host: string;
  sub: string;
  kind: string;
  clientId: string;
  scope: string;
}

export const hostOf = (name: string): string => `${name}.eu.qlikcloud.com`;

/** A user of the sandbox by number; the id is what its tokens are about. */
export const userOf = (number: number) => ({
  id: `user-${number}`,
  subject: `idp|${number}`,
  email: `${number}@x.example`,
});

/** Asks one of the stack's API processes for a token. */
export async function askToken(
  { apiKey }: Pick<Stack, 'apiKey'>,
  apiUrl: string,
  customerId: string,
  body: object,
): Promise<TokenAnswer> {
  const answer = await request(new URL(`/v1/customers/${customerId}/tokens`, apiUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.json() };
}

export function claimsOf(answer: Pick<TokenAnswer, 'body'>): Claims {
  const [, claims = ''] = String(answer.body.accessToken).split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}

/** What the customer's tenant has, and what is asked of the customer. */
export interface ReadyOptions {
  /** The tenant's users, numbered from 0. */
  users?: number;
  unknowns?: object;
  rotation?: object;
  scopes?: string[];
}

/** Seconds until a customer is ready on a machine with other things to do. */
const READY_WITHIN_MS = 25_000;

/** A customer that is ready. */
export async function readyWithUsers(
  stack: Stack,
  name: string,
  { users = 1, unknowns = {}, ...customer }: ReadyOptions = {},
): Promise<string> {
  await stack.sandboxCall('PUT', `/tenants/${hostOf(name)}`, {
    users: Array.from({ length: users }, (_, number) => userOf(number)),
    unknowns,
  });
  const { customerId, runId } = await stack.onboard(name, customer);
  const run = await stack.runEnd(runId, READY_WITHIN_MS);
  if (run.state !== 'succeeded') throw new Error(`The customer "${name}" is not ready: ${JSON.stringify(run.error)}`);
  return customerId;
}
