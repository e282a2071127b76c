/** The times the protocol is built on, in ms (docs/architecture.md, "When an answer is lost"). */
export class ProvisioningSettings {
  /** How long after the last possible POST its effect is sure to show in a list: lease + call timeout + the list lag assumed of Qlik. */
  readonly settleMs: number;

  constructor(
    /** The longest a call to Qlik may take. */
    readonly callTimeoutMs: number,
    leaseMs: number,
    /** How long after a change of Qlik's a list or a client may not show it. */
    readonly listLagMs: number,
  ) {
    this.settleMs = leaseMs + callTimeoutMs + listLagMs;
  }

  /** When everything that was asked for at `postedAt` or before is sure to show. */
  settledAt(postedAt: Date): Date {
    return new Date(postedAt.getTime() + this.settleMs);
  }
}
