import { Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';

/** Where the metrics of this API are: of its own, for several processes may be one in development. */
@Injectable()
export class ApiMetrics {
  readonly registry = new Registry();
}
