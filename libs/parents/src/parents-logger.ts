import type { Logger } from 'pino';

/** The injection token of the logger of what happens behind a run. */
export const PARENTS_LOGGER = Symbol('parents logger');

/** The part of pino's logger that this lib writes to. */
export type ParentsLogger = Pick<Logger, 'warn'>;
