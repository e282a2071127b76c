import { randomUUID } from 'node:crypto';
import type { Sql } from '@app/platform';
import type { Completed, Failure, Plan, RetryPolicy, RunOutcome, Step, StepContext } from '@app/runs';
import { z } from 'zod';

/** A step that does what the test says, and notes what was asked of it. */
export class FakeStep implements Step {
  readonly output = z.unknown();
  does: (context: StepContext) => Promise<Completed<unknown>> = () => Promise.resolve({ output: {} });
  undoes: (context: StepContext) => Promise<Pick<Completed<unknown>, 'intent' | 'commit'>> = () => Promise.resolve({});
  isNeeded?: (intent: unknown) => boolean;

  constructor(
    readonly name: string,
    private readonly story: string[],
    readonly retry: RetryPolicy = { maxAttempts: 3, baseMs: 1, maxMs: 1 },
  ) {}

  run(context: StepContext): Promise<Completed<unknown>> {
    this.story.push(this.name);
    return this.does(context);
  }

  undo(context: StepContext): Promise<Pick<Completed<unknown>, 'intent' | 'commit'>> {
    this.story.push(`undo ${this.name}`);
    return this.undoes(context);
  }
}

/** A plan of three steps and what happened in it. */
export class TestPlan implements Plan {
  readonly story: string[] = [];
  readonly ends: { outcome: RunOutcome; code?: string }[] = [];
  readonly first = new FakeStep('first', this.story);
  readonly second = new FakeStep('second', this.story);
  readonly third = new FakeStep('third', this.story);
  readonly steps = [this.first, this.second, this.third];
  explain: (error: unknown) => Failure | undefined = () => undefined;

  constructor(readonly name = `plan-${randomUUID()}`) {}

  onEnd(_tx: Sql, _run: unknown, outcome: RunOutcome, error: { code: string } | null): Promise<[]> {
    this.ends.push(error === null ? { outcome } : { outcome, code: error.code });
    return Promise.resolve([]);
  }
}

/** Writes a row that can be written once: a second time fails. */
export const writeOnce =
  (name: string) =>
  async (tx: Sql): Promise<[]> => {
    await tx.$executeRaw`INSERT INTO installation_settings (name, value) VALUES (${name}, '')`;
    return [];
  };
