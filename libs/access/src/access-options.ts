import type { Logger } from 'pino';

/** The injection token of the clock by which keys, links and sessions expire. */
export const ACCESS_CLOCK = Symbol('access clock');

/** The injection token of the logger of what happens behind a request. */
export const ACCESS_LOGGER = Symbol('access logger');

/** Tells the time. */
export type Clock = () => Date;

/** The part of pino's logger that this lib writes to. */
export type AccessLogger = Pick<Logger, 'warn'>;

/** The time of this machine. */
export const systemClock: Clock = () => new Date();
