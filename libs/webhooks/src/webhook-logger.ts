/** The process's logger. */
export const WEBHOOK_LOGGER = Symbol('WEBHOOK_LOGGER');
