/** The injection token of the process's logger. */
export const DASHBOARD_LOGGER = Symbol('DASHBOARD_LOGGER');
