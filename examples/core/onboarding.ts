import {
  ProblemError,
  type ProvisionerClient,
  signUp as askFor,
  unwrap,
  type WebhookEvent,
} from 'tenant-provisioner-client';
import type { SignUp, SignUps } from './sign-ups.js';

/** Who is told what: your mail and your ticket system. */
export interface Messages {
  toCustomer(text: string): void;
  toSupport(text: string): void;
}

/** What support must know of, whosoever's run it is. */
const TROUBLE = ['customer.failed', 'run.needs_attention', 'acknowledgement.overdue', 'parent_client.failing'];

/** Whether the same request may well be answered otherwise in a moment. */
const isPassing = ({ status, code }: ProblemError): boolean =>
  status >= 500 || status === 429 || code === 'IDEMPOTENCY_IN_PROGRESS';

/** Brings sign-ups on their way: asks for what nobody answered, and takes over what became of them. */
export class Onboarding {
  readonly #lookedAt = new Map<string, number>();

  constructor(
    private readonly client: ProvisionerClient,
    private readonly signUps: SignUps,
    private readonly messages: Messages,
    private readonly settings: { origin: string; lookAgainMs: number },
  ) {}

  /** Goes on with whatever the last process left, and looks after those of whom no webhook tells. */
  start(): void {
    const goOn = (): void => {
      for (const signUp of this.signUps.unfinished()) void this.advanceIfQuiet(signUp);
    };
    goOn();
    setInterval(goOn, this.settings.lookAgainMs).unref();
  }

  /** Advances the sign-up unless it is ready or was looked at a moment ago. */
  async advanceIfQuiet(signUp: SignUp): Promise<void> {
    const quietMs = Date.now() - (this.#lookedAt.get(signUp.id) ?? 0);
    if (signUp.state !== 'ready' && quietMs >= this.settings.lookAgainMs) await this.advance(signUp);
  }

  /** Does the next thing for the sign-up. Never throws: what did not work is tried again later. */
  async advance(signUp: SignUp): Promise<void> {
    this.#lookedAt.set(signUp.id, Date.now());
    try {
      if (signUp.customerId === undefined) await this.#ask(signUp);
      else await this.#look(signUp, signUp.customerId, signUp.runId!);
    } catch (thrown) {
      if (thrown instanceof ProblemError && !isPassing(thrown)) this.#stop(signUp, thrown.code);
      else console.error(`Sign-up ${signUp.id} is tried again later: ${String(thrown)}`);
    }
  }

  /** Takes an event that was verified. It only says where to look: events come twice, late and in any order. */
  async hear(event: WebhookEvent): Promise<void> {
    const { customerId, code = '' } = event.data;
    const signUp = this.signUps.find((one) => customerId !== undefined && one.customerId === customerId);
    if (signUp !== undefined && signUp.state !== 'ready') await this.advance(signUp);
    // A run of a customer who is ready, or nobody's: the customer notices nothing, support must.
    else if (TROUBLE.includes(event.type)) this.messages.toSupport(`${event.type} ${customerId ?? ''} ${String(code)}`);
  }

  /** The same key and body, so the same customer, however often: after a lost answer, a crash, a restart. */
  async #ask(signUp: SignUp): Promise<void> {
    const made = await this.#askFor(signUp).catch((thrown: unknown) => this.#findMade(signUp, thrown));
    this.signUps.change(signUp, { state: 'preparing', ...made });
  }

  async #askFor(signUp: SignUp): Promise<{ customerId: string; runId: string }> {
    const { customer, run } = await askFor(
      this.client,
      {
        externalId: signUp.id,
        name: signUp.company,
        tenantHost: signUp.tenantHost,
        allowedOrigins: [this.settings.origin],
        verificationUser: { field: 'userId', value: signUp.qlikUserId },
      },
      { idempotencyKey: `signup-${signUp.id}` },
    );
    return { customerId: customer.id, runId: run.id };
  }

  /** The customer that an earlier request made: another API key, and any after 30 days, does not get it by asking again. */
  async #findMade(signUp: SignUp, thrown: unknown): Promise<{ customerId: string; runId: string }> {
    if (!(thrown instanceof ProblemError) || thrown.code !== 'EXTERNAL_ID_TAKEN') throw thrown;
    const customerId = String(thrown.problem?.customerId);
    const [{ tenantHost }, { runs }] = await Promise.all([
      unwrap(this.client.GET('/v1/customers/{id}', { params: { path: { id: customerId } } })),
      unwrap(this.client.GET('/v1/runs', { params: { query: { customerId, plan: 'onboarding', limit: 1 } } })),
    ]);
    if (tenantHost !== signUp.tenantHost || runs[0] === undefined) throw thrown;
    return { customerId, runId: runs[0].id };
  }

  async #look(signUp: SignUp, customerId: string, runId: string): Promise<void> {
    const [customer, run] = await Promise.all([
      unwrap(this.client.GET('/v1/customers/{id}', { params: { path: { id: customerId } } })),
      unwrap(this.client.GET('/v1/runs/{id}', { params: { path: { id: runId } } })),
    ]);
    if ((customer.state === 'ready' || customer.state === 'degraded') && customer.clientId !== null) {
      this.#finish(signUp, customer.clientId);
    } else if (run.state === 'failed' || run.state === 'needs_attention' || run.state === 'cancelled') {
      this.#stop(signUp, run.error?.code ?? run.state);
    } else if (signUp.state === 'stopped') {
      this.signUps.change(signUp, { state: 'preparing' });
    }
  }

  #finish(signUp: SignUp, clientId: string): void {
    if (signUp.state === 'ready') return;
    this.signUps.change(signUp, { state: 'ready', clientId });
    this.messages.toCustomer(`${signUp.email}: your analytics are ready.`);
  }

  /** Support is told once of each reason. A person mends it; then the run is retried, and we hear that it is ready. */
  #stop(signUp: SignUp, code: string): void {
    if (signUp.state === 'ready' || (signUp.state === 'stopped' && signUp.code === code)) return;
    this.signUps.change(signUp, { state: 'stopped', code });
    this.messages.toSupport(`sign-up ${signUp.id}, run ${signUp.runId ?? 'none yet'}: ${code}`);
  }
}
