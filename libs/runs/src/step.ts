import type { Sql } from '@app/platform';
import type { z } from 'zod';
import type { RetryPolicy } from './retry-policy.js';
import type { CallRecord } from './run-error.js';
import type { RunEvent } from './run-event.js';

/** What a step knows of the run it is part of; `CustomerId` is null in a plan whose runs have no customer. */
export interface RunView<CustomerId extends string | null = string> {
  readonly id: string;
  readonly customerId: CustomerId;
  readonly plan: string;
  /** What it was asked to do, where its plan leaves a choice; as it was at the claim, or when its last attempt was committed. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly actor: string;
  readonly requestId: string;
}

/** What a step is about to do at a system that cannot be asked twice; `at` is the database's time of its commit. */
export type Intent = { phase: string } & Record<string, unknown>;
export type CommittedIntent = Intent & { at: string };

/** A step's hold on its run, for one attempt. */
export interface StepContext<CustomerId extends string | null = string> {
  readonly run: RunView<CustomerId>;
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
  /** The intent that this or a former attempt committed last, or null. */
  readonly intent: CommittedIntent | null;
  /** The database's time, as good as the machine's steady clock keeps it since the claim. */
  now(): Date;
  /** The output of an earlier step; throws when it has none. */
  output<Output>(step: Step<Output, CustomerId>): Output;
  /** Notes a call to the outside for the attempt's record. */
  record(call: CallRecord): void;
  /** Throws LeaseLost unless the lease outlasts a call of up to `callMs`; nothing may be awaited between it and the call. */
  guard(callMs: number): void;
  /** Commits `intent` if the run is still ours; throws LeaseLost. */
  commitIntent(intent: Intent): Promise<CommittedIntent>;
  /** Takes the intent back: what was intended did certainly not happen. Throws LeaseLost. */
  clearIntent(): Promise<void>;
}

/** A step's result: its output, and what is written in the transaction that completes it; `commit` returns what is to be audited with it. */
export interface Completed<Output> {
  output: Output;
  /** What the step leaves of its intent: absent keeps it as it is. */
  intent?: Intent | null;
  /** Time that the run has from here at least, in ms; absent, its time goes on. */
  wallClockMs?: number;
  commit?: (tx: Sql) => Promise<readonly RunEvent[]>;
}

/** One part of a plan. Running it a second time must do nothing that the first time did. */
export interface Step<Output = unknown, CustomerId extends string | null = string> {
  /** Names the step in rows, API and logs; never renamed while a run may be on it. */
  readonly name: string;
  /** Ids and facts that an operator may see. */
  readonly output: z.ZodType<Output>;
  readonly retry: RetryPolicy;
  /** Other runs may change the customer while a run stands here; absent, it holds the customer's slot. */
  readonly sharesCustomer?: true;
  /** Whether there is anything to do, judged by the intent alone; absent means always. */
  isNeeded?(intent: Intent | null): boolean;
  run(context: StepContext<CustomerId>): Promise<Completed<Output>>;
  /** Takes back what the step did or may have done, when the run is cancelled. */
  undo?(context: StepContext<CustomerId>): Promise<Pick<Completed<Output>, 'intent' | 'commit'>>;
}
