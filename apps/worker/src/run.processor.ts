import { Processor, WorkerHost } from '@nestjs/bullmq';
import { continueTrace, withRequestContext } from '@app/platform';
import { RUNS_QUEUE, runWorkerOptions, RunWakeUp } from '@app/queue';
import { RunRunner } from '@app/runs';
import { DelayedError, type Job } from 'bullmq';

/** Hands each wake-up to the runner; the job of a run that waits comes back when it is due. */
@Processor(RUNS_QUEUE, runWorkerOptions)
export class RunProcessor extends WorkerHost {
  constructor(private readonly runner: RunRunner) {
    super();
  }

  async process(job: Job<unknown>, token?: string): Promise<void> {
    const { runId, requestId, traceparent } = RunWakeUp.parse(job.data);
    const context = { requestId, traceparent: continueTrace(traceparent) };
    const result = await withRequestContext(context, () => this.runner.execute(runId));
    if (result.kind !== 'wait') return;
    await job.moveToDelayed(Date.now() + Math.ceil(result.forMs), token);
    throw new DelayedError();
  }
}
