import { QlikError, type QlikErrorFacts } from '../qlik-error.js';
import type { CallLimits } from './call-limits.js';
import type { QlikCircuits } from './qlik-circuits.js';
import { rateTierOf } from './rate-tier.js';
import type { TenantBulkhead } from './tenant-bulkhead.js';

/** Decides whether and when a call may go to Qlik, and learns from how it ends. What it does not let go throws a QlikError that is `held-back`, with nothing sent. */
export class CallAdmission {
  constructor(
    private readonly bulkhead: TenantBulkhead,
    private readonly circuits: QlikCircuits,
    private readonly limits: CallLimits,
  ) {}

  /** Makes the call with `send` once it may go. Throws TENANT_BUSY, TENANT_CIRCUIT_OPEN, REGION_CIRCUIT_OPEN, RATE_LIMIT_REACHED, CALL_ABORTED, and what `send` throws. */
  async admit<T>(
    { operation, host }: Pick<QlikErrorFacts, 'operation' | 'host'>,
    signal: AbortSignal | undefined,
    send: () => Promise<T>,
  ): Promise<T> {
    const call = { operation, host };
    const tier = rateTierOf[operation];
    return this.bulkhead.run(call, signal, async () => {
      // Before the limits, so that what is not sent is not counted.
      this.circuits.check(call);
      const retryAfterMs = await this.limits.take(host, tier);
      if (retryAfterMs > 0) throw new QlikError('RATE_LIMIT_REACHED', { ...call, retryAfterMs });
      if (signal?.aborted === true) throw new QlikError('CALL_ABORTED', call);
      return this.circuits.run(call, async () => {
        try {
          return await send();
        } catch (error) {
          if (error instanceof QlikError && error.code === 'QLIK_RATE_LIMITED') {
            await this.limits.pause(host, tier, error.retryAfterMs ?? 0);
          }
          throw error;
        }
      });
    });
  }
}
