/** The paces of run events, in milliseconds. */
export class RunEventTimes {
  constructor(
    /** From one look at the watched runs to the next. */
    readonly pollMs = 500,
    /** After which something is sent though nothing has changed: proxies end what is silent for a minute. */
    readonly heartbeatMs = 15_000,
    /** After which a stream ends though its run has not: the caller comes again, and so shows that its key is still good. */
    readonly longestMs = 15 * 60_000,
  ) {}
}
