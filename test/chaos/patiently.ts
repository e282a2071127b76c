import { setTimeout as pause } from 'node:timers/promises';

/** Asks again, for a minute unless told otherwise, while what is asked is broken by the very fault that is under test; not after an error that says more than that. */
export async function patiently<Result>(
  ask: () => Promise<Result>,
  { forMs = 60_000, unless = () => false }: { forMs?: number; unless?: (error: unknown) => boolean } = {},
): Promise<Result> {
  for (const giveUpAt = Date.now() + forMs; ;) {
    try {
      return await ask();
    } catch (error) {
      if (unless(error) || Date.now() > giveUpAt) throw error;
      await pause(200);
    }
  }
}

/** Looks every 150 ms until it holds; throws `otherwise` when it does not within the time. */
export async function until(
  holds: () => Promise<boolean>,
  withinMs: number,
  otherwise: () => string | Promise<string>,
): Promise<void> {
  for (const giveUpAt = Date.now() + withinMs; !(await holds());) {
    if (Date.now() > giveUpAt) throw new Error(await otherwise());
    await pause(150);
  }
}
