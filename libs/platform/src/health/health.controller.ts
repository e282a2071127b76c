import { Controller, Get, HttpCode, ServiceUnavailableException } from '@nestjs/common';
import { DomainError } from '../errors.js';
import { Readiness } from './readiness.js';

/** What an orchestrator asks a process. */
@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process runs; says nothing of what it depends on, so that an outage elsewhere does not restart it. */
  @Get('livez')
  @HttpCode(200)
  livez(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The process can do its work; 503 with the reason when it cannot. */
  @Get('readyz')
  @HttpCode(200)
  async readyz(): Promise<{ status: 'ok' }> {
    try {
      await this.readiness.assert();
      return { status: 'ok' };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw new ServiceUnavailableException({ status: 'unavailable', code: error.code, detail: error.message });
    }
  }
}
