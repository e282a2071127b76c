import type { QlikOperation } from '@app/qlik';
import { type Fault, isCreation, qlikError } from './qlik-errors.js';
import { CALL_TIMEOUT_MS } from './times.js';
import { Violation } from './violation.js';
import type { Worker, World } from './world.js';

/** A call to Qlik under way: connecting, then sent, then answered; it can be lost in between. */
export interface Call {
  operation: QlikOperation;
  host: string;
  startedAt: number;
  isSent: boolean;
  act: (fault: Fault | undefined) => unknown;
  answer?: { value: unknown } | { error: Error };
}

/** What an execution waits for: a statement, or a call. */
interface Pending {
  /** Does the next part; true once there is an answer. */
  proceed: () => boolean;
  settle: () => void;
  call?: Call;
}

/** Somebody's work that goes on only when the schedule says so: each of its statements and calls waits, and happens in parts. */
export abstract class ScheduledWork {
  pending: Pending | undefined;
  isDone = false;
  readonly worker: Worker;
  protected readonly world: World;
  #onIdle: (() => void) | undefined;

  constructor(world: World, worker: Worker) {
    this.world = world;
    this.worker = worker;
  }

  /** Whether its calls are still let out. */
  protected abstract mayCall(): boolean;

  /** Lets what it waits for happen: all of it, or the next part only. */
  async step(wholly: boolean): Promise<void> {
    const { pending } = this;
    if (pending === undefined || this.worker.isStopped) return;
    while (!pending.proceed()) if (!wholly || this.worker.isStopped) return;
    this.pending = undefined;
    await this.untilIdle(() => pending.settle());
  }

  /** What it was about to do happens before it notices how late it is. */
  async slip(): Promise<void> {
    if (this.pending?.call === undefined) await this.step(true);
    const call = this.pending?.call;
    if (call === undefined || call.isSent) return;
    this.pending?.proceed();
    if (isCreation(call.operation) && this.world.now > call.startedAt + CALL_TIMEOUT_MS) {
      this.world.slips += 1;
      this.world.tell(`worker ${this.worker.index}: the POST slips out`);
    }
  }

  /** Nothing of it happens any more. */
  die(): void {
    this.isDone = true;
    this.pending = undefined;
    this.#onIdle?.();
  }

  /** One statement; it happens at once, its answer may take. */
  ask<T>(what: string, act: () => T): Promise<T> {
    let answer: { value: T } | { error: Error } | undefined;
    return this.#pend<T>((resolve, reject) => ({
      proceed: () => {
        if (answer !== undefined) return true;
        this.world.tell(`worker ${this.worker.index}: ${what}`);
        try {
          answer = { value: act() };
          if (this.world.stopsAtIntent && what === 'intend posting') this.#stopHere();
        } catch (error) {
          if (error instanceof Violation || !(error instanceof Error)) throw error;
          answer = { error };
        }
        return false;
      },
      settle: () => {
        if (answer === undefined) return;
        if ('value' in answer) resolve(answer.value);
        else reject(answer.error);
      },
    }));
  }

  #stopHere(): void {
    this.world.stopsAtIntent = false;
    this.world.tell(`worker ${this.worker.index} is stopped`);
    this.world.stop(this.worker);
  }

  /** One call to Qlik. */
  call(operation: QlikOperation, host: string, act: Call['act']): Promise<unknown> {
    const call: Call = { operation, host, startedAt: this.world.now, isSent: false, act };
    if (!this.mayCall()) throw qlikError('CALL_ABORTED', call);
    const timeout = this.world.setTimer(this.world.now + CALL_TIMEOUT_MS, this.worker, () =>
      this.breakOff('QLIK_TIMEOUT'),
    );
    return this.#pend<unknown>((resolve, reject) => ({
      call,
      proceed: () => {
        if (call.answer !== undefined) return true;
        if (!call.isSent) {
          call.isSent = true;
          this.world.qlik.send(call);
        } else {
          this.world.qlik.carryOut(call);
        }
        return false;
      },
      settle: () => {
        if (call.answer === undefined) return;
        if ('value' in call.answer) resolve(call.answer.value);
        else reject(call.answer.error);
      },
    })).finally(() => this.world.clearTimer(timeout));
  }

  /** Ends the call under way without its answer. */
  protected breakOff(code: 'QLIK_TIMEOUT' | 'CALL_ABORTED'): void {
    const call = this.pending?.call;
    if (call === undefined) return;
    this.world.tell(`worker ${this.worker.index}: ${code} ${call.operation}`);
    const outcomeUnknown = call.isSent && isCreation(call.operation);
    // Its answer, if there was one, is not read any more.
    call.answer = { error: qlikError(code, call, undefined, { outcomeUnknown }) };
  }

  #pend<T>(make: (resolve: (value: T) => void, reject: (error: Error) => void) => Pending): Promise<T> {
    if (this.isDone) return new Promise(() => undefined);
    return new Promise<T>((resolve, reject) => {
      this.pending = make(resolve, reject);
      this.#onIdle?.();
    });
  }

  /** Does `work`, and resolves when it waits again or is done. */
  protected untilIdle(work: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = () => {
        this.#onIdle = undefined;
        resolve();
      };
      work();
    });
  }
}
