import { Controller, Get, Header } from '@nestjs/common';
import { Readiness } from '@app/platform';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { Health } from './health.schema.js';

/** What a supervisor asks. Neither the queue nor Qlik makes the API less ready: it accepts, and the worker catches up. */
@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('livez')
  @Public()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getLiveness',
    summary: 'Is the process alive?',
    status: 200,
    schema: Health,
    answers: 'It is.',
    problems: [],
  })
  livez(): Health {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getReadiness',
    summary: 'Can the process serve?',
    description: 'Yes when PostgreSQL answers and every migration is applied.',
    status: 200,
    schema: Health,
    answers: 'It can.',
    problems: ['MIGRATIONS_PENDING'],
  })
  async readyz(): Promise<Health> {
    await this.readiness.assert();
    return { status: 'ok' };
  }
}
