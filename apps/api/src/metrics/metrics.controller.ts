import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { Public } from '../access/requires-scope.decorator.js';
import { ApiMetrics } from './api-metrics.js';

/** What this process counts, in the text format of Prometheus: numbers of the whole installation, nothing of a customer. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: ApiMetrics) {}

  @Get()
  @Public()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('cache-control', 'no-store')
  get(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
