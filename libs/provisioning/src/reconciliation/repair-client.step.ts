import { CLIENT_FIELDS, type ClientField } from '@app/customers';
import { Injectable } from '@nestjs/common';
import { type Completed, type Intent, type RunError, type Step, StepFailure, type StepContext } from '@app/runs';
import { z } from 'zod';
import { ORIGINS_NOT_SUPPORTED } from '../client-settings.js';
import { toRunError } from '../explain-failure.js';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { callsOf } from '../qlik-calls.js';
import { ClientComparisons, type Comparison } from './client-comparisons.js';
import { ClientRepair } from './client-repair.js';
import { CustomerCondition } from './customer-condition.js';
import { clientChanged, driftDetected, driftRepaired } from './drift-audit.js';
import { compareWithTold, driftIn, DriftIntent, planRepair, type Repair } from './drift-decision.js';
import { driftFound } from './drift-found.js';
import { Finding, FindingKind, KIND_OF_FIELD, kindsOf } from './finding-kinds.js';
import { ReconciliationPolicy } from './reconciliation-policy.js';

const Output = z.object({
  /** What is again as it is wanted. */
  repaired: z.array(FindingKind),
  /** What a person must look at. */
  left: z.array(Finding),
  /** What somebody had asked to be changed, and is. */
  changed: z.array(z.enum(CLIENT_FIELDS)).optional(),
  /** ORIGINS_NOT_SUPPORTED: the tenant takes no allowedOrigins on web clients. */
  warnings: z.array(z.string()).optional(),
});
type Output = z.output<typeof Output>;

/** Repairs that do not show before a person is asked to look. */
const MAX_REPAIRS = 5;

/** How a repaired client compares, and what Qlik said where it refused something. */
type Repaired = Comparison & { qlik?: RunError['qlik']; warnings?: string[] };

/** Sets at Qlik what differs and is ours to set, and reads it back. */
@Injectable()
export class RepairClientStep implements Step<Output> {
  readonly name = 'repair-client';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly comparisons: ClientComparisons,
    private readonly clientRepair: ClientRepair,
    private readonly condition: CustomerCondition,
    private readonly policy: ReconciliationPolicy,
    private readonly repository: OAuthClientsRepository,
  ) {}

  isNeeded(intent: Intent | null): boolean {
    return intent?.phase === 'drifted';
  }

  async run(context: StepContext): Promise<Completed<Output>> {
    const intent = DriftIntent.parse(context.intent);
    const before = await this.comparisons.get(context);
    const repair = planRepair(before, this.policy, intent.changed);
    const after: Repaired = repair === null ? before : await this.#repair(context, intent, before, repair);
    const { recorded, findings, qlik, warnings = [] } = after;
    const first = compareWithTold(intent.told, driftIn(before.findings, intent.changed));
    // What was asked for and Qlik refused differs for good: from here on it is drift like any other.
    const pending = repair === null ? intent.changed : [];
    const told = driftIn(findings, pending);
    const { detected, repaired } = compareWithTold([...intent.told, ...first.detected], told);
    const changed = changedAtQlik(intent.changed, after);
    const isAsked = intent.changed.length > 0;
    const raised = { phase: 'raised', told, qlik, ...(pending.length === 0 ? {} : { changed: pending }) };
    return {
      output: { repaired, left: [...findings], ...(isAsked ? { changed, warnings } : {}) },
      intent: findings.length === 0 ? null : raised,
      commit: async (tx) => {
        const isRefused = warnings.includes(ORIGINS_NOT_SUPPORTED);
        if (isRefused || changed.includes('allowedOrigins'))
          await this.repository.noteOrigins(tx, recorded.oauthClientId, isRefused);
        return [
          ...clientChanged(recorded, changed, warnings),
          ...driftDetected(recorded, [...first.detected, ...detected]),
          ...driftRepaired(recorded, repaired),
          ...(await this.condition.follow(tx, context.run.customerId, findings)),
        ];
      },
    };
  }

  /** Throws, to be tried again, while what was repaired still shows; what was just written may show a moment later. */
  async #repair(
    context: StepContext,
    intent: z.output<typeof DriftIntent>,
    before: Comparison,
    repair: Repair,
  ): Promise<Repaired> {
    const { told, changed } = intent;
    const repairs = intent.repairs + 1;
    await context.commitIntent({ phase: 'drifted', told, repairs, ...(changed.length === 0 ? {} : { changed }) });
    const refused = await this.clientRepair.apply(before, repair, callsOf(context));
    const takesNoOrigins = refused?.ofOrigins === true && changed.includes('allowedOrigins');
    if (refused !== undefined && !takesNoOrigins)
      return { ...(await this.comparisons.getAnew(context)), qlik: toRunError(refused.error).qlik };
    const wereRefused = before.recorded.originsRefused && !changed.includes('allowedOrigins');
    const after = await this.comparisons.getAnew(context, { originsRefused: takesNoOrigins || wereRefused });
    if (takesNoOrigins) return { ...after, warnings: [ORIGINS_NOT_SUPPORTED] };
    const stubborn = after.findings.filter(({ kind }) => repair.kinds.includes(kind));
    if (stubborn.length === 0 || repairs >= MAX_REPAIRS) return after;
    const error = driftFound(before.recorded.clientId, stubborn);
    throw new StepFailure({ kind: 'retry', exhausted: 'failed', error });
  }
}

/** What was asked for and Qlik has by now. */
function changedAtQlik(asked: readonly ClientField[], { findings, warnings = [] }: Repaired): ClientField[] {
  const kinds = kindsOf(findings);
  if (kinds.includes('CLIENT_MISSING')) return [];
  const refused = warnings.includes(ORIGINS_NOT_SUPPORTED) ? 'allowedOrigins' : undefined;
  return asked.filter((field) => field !== refused && !kinds.includes(KIND_OF_FIELD[field]));
}
