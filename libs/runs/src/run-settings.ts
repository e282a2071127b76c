import { secondsSetting } from '@app/platform';

/** `RUN_LEASE_SECONDS`: how long a claim lasts unless it is renewed; longer than any call to Qlik. */
export const runSettings = { RUN_LEASE_SECONDS: secondsSetting.default(60_000) };

/** How a process that runs plans behaves. */
export class RunSettings {
  constructor(
    readonly leaseMs: number,
    /** From 0 up to 1; spreads the pauses between tries. */
    readonly random: () => number = Math.random,
    /** How long a process that stops lets its steps go on; less than a process may take to close (libs/platform, run-process.ts). */
    readonly handOverMs = 20_000,
  ) {}
}
