import type { FastifyReply, FastifyRequest } from 'fastify';

/** Whether the cookie may travel over https only: always in production, else when the request came so. */
export type Secure = boolean;

/** Whether the browser speaks https to us, directly or to the proxy in front. A forged header only harms who forges it. */
export function cameOverHttps(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
}

/** The session token that a request brought; undefined without one. */
export function readSessionCookie(request: FastifyRequest, secure: Secure): string | undefined {
  const prefix = `${cookieName(secure)}=`;
  const pair = (request.headers.cookie ?? '').split(/;\s*/).find((part) => part.startsWith(prefix));
  const token = pair?.slice(prefix.length);
  return token === '' ? undefined : token;
}

/** Hands the browser its session token, out of reach of scripts and of other sites, until `expiresAt`. */
export function setSessionCookie(reply: FastifyReply, token: string, expiresAt: Date, secure: Secure): void {
  const maxAgeSeconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  writeCookie(reply, token, maxAgeSeconds, secure);
}

/** Takes the session token back from the browser. */
export function clearSessionCookie(reply: FastifyReply, secure: Secure): void {
  writeCookie(reply, '', 0, secure);
}

function writeCookie(reply: FastifyReply, value: string, maxAgeSeconds: number, secure: Secure): void {
  const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  reply.header('set-cookie', `${cookieName(secure)}=${value}; ${attributes}`);
}

// Browsers take a __Host- cookie from this very host and over https only, so that no sibling domain can plant one.
const cookieName = (secure: Secure): string => (secure ? '__Host-session' : 'session');
