import { z } from 'zod';
import { operationNames } from '../operation.js';

const status = z.int().min(200).max(599);
const milliseconds = z.int().min(0).max(3_600_000);

const aim = {
  /** Only requests to this host; left out, to any. */
  tenantHost: z.string().min(1).max(253).toLowerCase().optional(),
  /** Only this operation; left out, any. */
  operation: z.enum(operationNames).optional(),
  /** How many requests it strikes before it is spent; left out, without end. */
  times: z.int().min(1).max(1_000_000_000).optional(),
  /** The chance, 0 to 1, that a request it could strike is struck; the others do not use it up. */
  probability: z.number().min(0).max(1).optional(),
  /** Makes the chance repeatable. */
  seed: z.int().min(0).max(4_294_967_295).optional(),
};

const retryAfter = z.union([z.int().min(0), z.string().min(1).max(256), z.null()]).optional();

/** What `POST /_sandbox/faults` takes; `after` moves the fault from before the commit to behind it. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status,
    after: z.boolean().default(false),
    retryAfter,
    /** Sent in place of an error envelope. */
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).default({}),
    ...aim,
  }),
  z.strictObject({ kind: z.literal('delay'), delayMs: milliseconds, ...aim }),
  z.strictObject({ kind: z.literal('reset-before'), ...aim }),
  z.strictObject({ kind: z.literal('reset-after'), ...aim }),
  z.strictObject({ kind: z.literal('truncate'), ...aim }),
  /** The whole answer, one byte every `delayMs` milliseconds. */
  z.strictObject({ kind: z.literal('drip'), delayMs: milliseconds.default(100), ...aim }),
  z.strictObject({ kind: z.literal('hang'), after: z.boolean().default(false), ...aim }),
  z.strictObject({ kind: z.literal('rate-limit'), retryAfter, ...aim }),
  z.strictObject({ kind: z.literal('same-hint'), ...aim }),
]);

/** One fault as asked for. */
export type Fault = z.infer<typeof faultSchema>;
