import type { CommandContext } from './command-context.js';

const WIDTH = 30;

/** Tells how far a long command is: a bar on a terminal; elsewhere a line for each tenth of the way. */
export class ProgressBar {
  #tenth = 0;

  constructor(
    private readonly context: Pick<CommandContext, 'note' | 'showProgress' | 'showsProgress'>,
    private readonly what: string,
    private readonly total: number,
  ) {}

  show(done: number): void {
    const part = this.total === 0 ? 1 : done / this.total;
    const count = `${done} of ${this.total} ${this.what}`;
    if (this.context.showsProgress) {
      const filled = Math.floor(part * WIDTH);
      this.context.showProgress(`[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${count}`);
    } else if (Math.floor(part * 10) > this.#tenth) {
      this.#tenth = Math.floor(part * 10);
      this.context.note(count);
    }
  }
}
