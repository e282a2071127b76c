import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RunRunner } from '@app/runs';
import { RunProcessor } from './run.processor.js';

/** How many runs a worker works on at once. */
export class RunConcurrency {
  constructor(readonly runs: number) {}
}

/** Starts the processor at its breadth, and on shutdown has runs handed back at their next step instead of cut off. */
@Injectable()
export class RunProcessorLifecycle implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly processor: RunProcessor,
    private readonly runner: RunRunner,
    private readonly concurrency: RunConcurrency,
  ) {}

  onApplicationBootstrap(): void {
    this.processor.worker.concurrency = this.concurrency.runs;
  }

  onModuleDestroy(): void {
    this.runner.stop();
  }
}
