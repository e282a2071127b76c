import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { ProblemError } from '../problems/problem-error.js';
import { Health } from './health.schema.js';
import { MigrationCheck } from './migration-check.js';

/** What a supervisor asks. Neither the queue nor Qlik makes the API less ready: it accepts, and the worker catches up. */
@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(private readonly migrations: MigrationCheck) {}

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
    problems: ['NOT_READY'],
  })
  async readyz(): Promise<Health> {
    const missing = await this.migrations.findMissing();
    if (missing.length === 0) return { status: 'ok' };
    throw new ProblemError('NOT_READY', `The database lacks the migration "${missing[0]}": run npm run db:migrate.`);
  }
}
