const MONDAY_MS = Date.UTC(2024, 0, 1);
const WEEK_MS = 7 * 86_400_000;

/** The clock on the wall of a time zone of the IANA database; throws RangeError if there is no such zone. Instants are ms since 1970. */
export class BlackoutClock {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  }

  /** What the clock shows at the instant, in ms since Monday 00:00. */
  weekMs(instant: number): number {
    const sinceMonday = (instant + this.#offsetMs(instant) - MONDAY_MS) % WEEK_MS;
    return sinceMonday < 0 ? sinceMonday + WEEK_MS : sinceMonday;
  }

  /** The instant after `from`, up to and including `until`, at which the clock is put forward or back. The two are at most a day apart: no place does so twice in one. */
  findChange(from: number, until: number): number | undefined {
    const offsetMs = this.#offsetMs(from);
    if (this.#offsetMs(until) === offsetMs) return undefined;
    let before = from;
    let after = until;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offsetMs(middle) === offsetMs) before = middle;
      else after = middle;
    }
    return after;
  }

  /** What the clock is ahead of UTC. */
  #offsetMs(instant: number): number {
    const name = this.#format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')!.value;
    const [, sign, hours = 0, minutes = 0, seconds = 0] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name)!;
    const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ms : ms;
  }
}

/** Whether there is a time zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
