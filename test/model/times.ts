/** The times of the protocol in the simulation, in ms: those of the defaults. */
export const LEASE_MS = 60_000;
export const CALL_TIMEOUT_MS = 20_000;
export const ASSUMED_LAG_MS = 10_000;
export const SETTLE_MS = LEASE_MS + CALL_TIMEOUT_MS + ASSUMED_LAG_MS;
