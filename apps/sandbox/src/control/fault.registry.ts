import { randomInt } from 'node:crypto';
import type { OperationName } from '../operation.js';
import type { Fault } from './fault.schema.js';
import { seededRandom } from './seeded-random.js';

interface SetFault {
  id: string;
  fault: Fault;
  seed: number;
  random: () => number;
  struck: number;
}

/** What strikes one request: a wait, a forced hint, and at most one fault that decides its answer. */
export interface Strike {
  delayMs: number;
  sameHint: boolean;
  fault: Exclude<Fault, { kind: 'delay' | 'same-hint' }> | undefined;
}

/** The faults that are set, asked in the order in which they were set; a kill or a restart forgets them. */
export class FaultRegistry {
  #faults: SetFault[] = [];
  #nextId = 1;

  /** Sets a fault; without a seed one is drawn, and shown by `list`. */
  add(fault: Fault): string {
    const id = `fault-${this.#nextId++}`;
    const seed = fault.seed ?? randomInt(4_294_967_296);
    this.#faults.push({ id, fault, seed, random: seededRandom(seed), struck: 0 });
    return id;
  }

  /** Forgets every fault. */
  clear(): void {
    this.#faults = [];
  }

  /** Forgets one fault; false if there is none with this id. */
  remove(id: string): boolean {
    const before = this.#faults.length;
    this.#faults = this.#faults.filter((set) => set.id !== id);
    return this.#faults.length < before;
  }

  /** Every fault with how often it struck and how often it still will (null: without end). */
  list() {
    return this.#faults.map(({ id, fault, seed, struck }) => ({
      id,
      ...fault,
      seed,
      struck,
      remaining: fault.times === undefined ? null : fault.times - struck,
    }));
  }

  /** What strikes this request: all delays and hints that fit, and the first other fault that does. */
  strike(host: string, operation: OperationName): Strike {
    const strike: Strike = { delayMs: 0, sameHint: false, fault: undefined };
    for (const set of this.#faults) {
      const { fault } = set;
      const decides = fault.kind !== 'delay' && fault.kind !== 'same-hint';
      if ((decides && strike.fault !== undefined) || !fits(set, host, operation)) continue;
      set.struck += 1;
      if (fault.kind === 'delay') strike.delayMs += fault.delayMs;
      else if (fault.kind === 'same-hint') strike.sameHint = true;
      else strike.fault = fault;
    }
    return strike;
  }
}

function fits({ fault, struck, random }: SetFault, host: string, operation: OperationName): boolean {
  if (fault.tenantHost !== undefined && fault.tenantHost !== host) return false;
  if (fault.operation !== undefined && fault.operation !== operation) return false;
  if (fault.times !== undefined && struck >= fault.times) return false;
  return fault.probability === undefined || random() < fault.probability;
}
