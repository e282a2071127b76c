/** The injection token of the process's logger. */
export const API_LOGGER = Symbol('API_LOGGER');
