import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { PreparedTenant } from './settings.js';

/** Somebody who signed up, and how far we are with them. */
export interface SignUp {
  /** Ours. The Idempotency-Key is made of it, so it is made once, before anything is asked for. */
  readonly id: string;
  readonly email: string;
  readonly company: string;
  /** Given by us, never by the browser: tokens are of this tenant and in the name of this user. */
  readonly tenantHost: string;
  readonly qlikUserId: string;
  /** What the user's cookie says. Your login goes here. */
  readonly session: string;
  state: 'preparing' | 'ready' | 'stopped';
  /** Why it is stopped: for support, not for the user. */
  code?: string;
  customerId?: string;
  runId?: string;
  /** The id of the OAuth client, which is no secret: qlik-embed wants it. */
  clientId?: string;
}

/** All sign-ups, and the webhooks that came. One file, written whole at each change: yours are two tables. */
export class SignUps {
  readonly #signUps: SignUp[] = [];
  readonly #webhookIds: string[] = [];

  constructor(
    private readonly file: string,
    private readonly tenants: readonly PreparedTenant[],
  ) {
    if (!existsSync(file)) return;
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { signUps: SignUp[]; webhookIds: string[] };
    this.#signUps.push(...kept.signUps);
    this.#webhookIds.push(...kept.webhookIds);
  }

  /** Stores a new sign-up with a tenant that nobody has. Undefined when there is no such tenant. */
  add(email: string, company: string): SignUp | undefined {
    const tenant = this.tenants.find(({ host }) => this.find(({ tenantHost }) => tenantHost === host) === undefined);
    if (tenant === undefined) return undefined;
    const signUp: SignUp = {
      id: randomUUID(),
      email,
      company,
      tenantHost: tenant.host,
      qlikUserId: tenant.userId,
      session: randomBytes(32).toString('base64url'),
      state: 'preparing',
    };
    this.#signUps.push(signUp);
    this.#save();
    return signUp;
  }

  find(isSought: (signUp: SignUp) => boolean): SignUp | undefined {
    return this.#signUps.find(isSought);
  }

  /** Those that are not ready yet. */
  unfinished(): SignUp[] {
    return this.#signUps.filter(({ state }) => state !== 'ready');
  }

  change(signUp: SignUp, changes: Partial<SignUp>): void {
    Object.assign(signUp, changes);
    this.#save();
  }

  /** Remembers a webhook; false if it came before. In a database: a unique column, in the transaction of what it changes. */
  isNew(webhookId: string): boolean {
    if (this.#webhookIds.includes(webhookId)) return false;
    this.#webhookIds.push(webhookId);
    this.#save();
    return true;
  }

  #save(): void {
    const kept = { signUps: this.#signUps, webhookIds: this.#webhookIds };
    writeFileSync(`${this.file}.new`, JSON.stringify(kept), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}
