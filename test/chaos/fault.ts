import type { Random } from './random.js';
import type { Backend, Rig } from './rig/rig.js';
import type { Signup, SignupBackend } from './rig/signup-backend.js';
import type { WorkerSetup } from './rig/workers.js';
import type { Rotations } from './rotations.js';
import type { ForeignThings } from './verdict/foreign-things.js';

/** Where a fault does its work: one batch of customers on one rig. */
export interface Scene {
  rig: Rig;
  backend: SignupBackend;
  random: Random;
  /** The customers, tenants included, are named `<prefix><number>`. */
  prefix: string;
  names: readonly string[];
  /** What belongs to others, and must still be there in the end. */
  foreign: ForeignThings;
  /** Filled as customers are accepted. */
  signups: Signup[];
  /** Where secrets are rotated: who was onboarded for that. */
  rotations?: Rotations;
}

/** A fault under way. */
export interface Disturbance {
  /** Ends it and everything it left behind; says how often it struck. */
  end(): Promise<number>;
}

/** Mends what a run that has stopped needs before an operator retries it; `leave` where nobody should. */
export type Mend = (scene: Scene, signup: Signup, run: StoppedRun) => Promise<'retry' | 'leave'>;

/** A run that came to a stop without success. */
export interface StoppedRun {
  id: string;
  state: 'failed' | 'needs_attention' | 'cancelled';
  error: { code: string } | null;
}

/** One row of the fault table. */
export interface Fault {
  id: string;
  title: string;
  /** Onboardings, or rotations, in the profile `full`. */
  full: number;
  /** In the profile `ci`; a tenth of them by default. */
  ci?: number;
  /** The most that are under way together. */
  batch?: number;
  /** Where it makes sense; everywhere by default. */
  backends?: readonly Backend[];
  /** Its workers; three ordinary ones by default. */
  workers?: (rig: Rig) => readonly WorkerSetup[];
  /** The place of the worker that bears the most: once the fault is over, it must do the last customers' work alone. Elsewhere the others would do it, and nobody would notice one that takes no more work. */
  lastWorker?: number;
  /** What comes before it, undisturbed. */
  prepare?: (scene: Scene) => Promise<void>;
  /** Begins the fault; customers are accepted once it has resolved. */
  begin(scene: Scene): Promise<Disturbance>;
  /** Which share of the runs must have stopped before it ends; all by default. */
  untilStopped?: number;
  /** How many customers are accepted in a second, where the fault needs time to strike; as many as go by default. */
  perSecond?: number;
  /** Accepts one customer, where that is part of the fault. */
  accept?: (scene: Scene, name: string) => Promise<Signup>;
  mend?: Mend;
  /** The codes with which a run may stop, where no `mend` looks at them; a run that stopped with another counts as unsettled, also if an operator could mend it. */
  mayStopWith?: readonly string[];
  /** How often it must have struck in a batch, or the batch proves nothing; once by default. */
  atLeast?: number;
  /** Workers end themselves, as part of the fault. */
  workersEnd?: boolean;
  /** Customers that are not to become ready, by name. */
  neverReady?: (name: string) => boolean;
  /** Clients that Qlik was asked for beyond the one of this customer, e.g. because somebody deleted it; none by default. */
  postsBeyond?: (name: string) => number;
  /** Secrets that Qlik was asked for beyond the one of this customer's rotation, with which nobody can reckon; none by default. */
  mintsBeyond?: (name: string) => number;
  /** The share of POSTs beyond one a customer that a pause between guard and socket can let through; none by default. */
  slipShare?: number;
}
