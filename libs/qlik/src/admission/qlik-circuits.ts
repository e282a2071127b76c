import { ConsecutiveBreaker } from 'cockatiel';
import type { Logger } from 'pino';
import { QlikError, type QlikErrorFacts } from '../qlik-error.js';
import { regionOf } from '../tenant-host.js';
import { CircuitSet } from './circuit-set.js';
import { DistinctTenantsBreaker } from './distinct-tenants-breaker.js';

/** Failures of one tenant in a row that open its circuit. */
export const TENANT_FAILURES = 5;
/** Different tenants of a region that must fail, with no answer of any in between, to open the region's. */
export const REGION_TENANTS = 5;

type Call = Pick<QlikErrorFacts, 'operation' | 'host'>;

/** This process's circuits: one per tenant, and one per region. */
export class QlikCircuits {
  readonly #tenants: CircuitSet;
  readonly #regions: CircuitSet;

  constructor(
    /** How long a circuit stays open before a call tries it. */
    private readonly openMs: number,
    log: Pick<Logger, 'warn' | 'info'>,
    private readonly random: () => number = Math.random,
  ) {
    this.#tenants = new CircuitSet(
      openMs,
      () => new ConsecutiveBreaker(TENANT_FAILURES),
      (tenantHost, isOpen) => {
        if (isOpen) log.warn({ tenantHost, openMs }, 'A tenant does not answer; calls to it pause.');
        else log.info({ tenantHost }, 'A tenant answers again.');
      },
    );
    this.#regions = new CircuitSet(
      openMs,
      () => new DistinctTenantsBreaker(REGION_TENANTS),
      (region, isOpen) => {
        if (isOpen) log.warn({ region, openMs }, 'Tenants of a region do not answer; calls to the region pause.');
        else log.info({ region }, 'A region answers again.');
      },
    );
  }

  /** How many circuits are remembered. */
  get size(): number {
    return this.#tenants.size + this.#regions.size;
  }

  /** Throws TENANT_CIRCUIT_OPEN or REGION_CIRCUIT_OPEN unless a call may go. */
  check({ operation, host }: Call): void {
    const region = regionOf(host);
    const regionMs = region === undefined ? undefined : this.#regions.waitMs(region);
    if (regionMs !== undefined) {
      throw new QlikError('REGION_CIRCUIT_OPEN', { operation, host, retryAfterMs: this.#spread(regionMs) });
    }
    const tenantMs = this.#tenants.waitMs(host);
    if (tenantMs !== undefined) {
      throw new QlikError('TENANT_CIRCUIT_OPEN', { operation, host, retryAfterMs: this.#spread(tenantMs) });
    }
  }

  /** Makes the call, if it may go, and lets both circuits learn from how it ends. */
  async run<T>(call: Call, work: () => Promise<T>): Promise<T> {
    this.check(call);
    const region = regionOf(call.host);
    const atTenant = () => this.#tenants.run(call.host, call.host, work);
    return region === undefined ? atTenant() : this.#regions.run(region, call.host, atTenant);
  }

  /** A whole region's runs wait for the same instant: they must not all come at it. */
  #spread(ms: number): number {
    return Math.ceil(Math.max(ms, this.openMs / 10) + (this.random() * this.openMs) / 3);
  }
}
