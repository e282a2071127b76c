/** A place at which something is held until it is told to go on. */
export interface Gate {
  /** Resolves once somebody is there. */
  reached: Promise<void>;
  release(): void;
  /** For the one who is held: says that they are there, and resolves when they may go on. */
  pass(): Promise<void>;
}

/** A closed gate. */
export function closedGate(): Gate {
  let reach = (): void => undefined;
  let release = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  return {
    reached,
    release,
    pass: () => {
      reach();
      return released;
    },
  };
}
