/** The longest body that is read, in bytes. */
export const BODY_LIMIT_BYTES = 64 * 1024;
