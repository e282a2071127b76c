import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { ApiMetrics } from '../metrics/api-metrics.js';

/** Counts the tokens that were given out. */
@Injectable()
export class TokenMetrics {
  readonly #cache: Counter.Internal;
  readonly #qlik: Counter.Internal;

  constructor({ registry }: ApiMetrics) {
    const tokens = new Counter({
      name: 'provisioner_tokens_total',
      help: 'Impersonation tokens given out: got at Qlik for the request, or remembered from an earlier one.',
      labelNames: ['source'],
      registers: [registry],
    });
    this.#cache = tokens.labels('cache');
    this.#qlik = tokens.labels('qlik');
    // There from the start, so that the first one shows as a rise.
    this.#cache.inc(0);
    this.#qlik.inc(0);
  }

  fromCache(): void {
    this.#cache.inc();
  }

  fromQlik(): void {
    this.#qlik.inc();
  }
}
