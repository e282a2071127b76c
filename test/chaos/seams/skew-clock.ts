const skewMs = Number(process.env.CHAOS_CLOCK_SKEW_MS ?? 0);

// Preloaded into a process under test: its wall clock is wrong by CHAOS_CLOCK_SKEW_MS; its monotonic one is right.
if (skewMs !== 0) {
  const TrueDate = Date;
  globalThis.Date = class extends TrueDate {
    constructor(...args: []) {
      super(...((args.length === 0 ? [TrueDate.now() + skewMs] : args) as []));
    }
    static override now(): number {
      return TrueDate.now() + skewMs;
    }
  } as DateConstructor;
}
