import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** What the framework says, as lines of the process's log; its chatter at the start is for debugging. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(...line: unknown[]): void {
    this.#write('debug', line);
  }

  debug(...line: unknown[]): void {
    this.#write('debug', line);
  }

  verbose(...line: unknown[]): void {
    this.#write('trace', line);
  }

  warn(...line: unknown[]): void {
    this.#write('warn', line);
  }

  error(...line: unknown[]): void {
    this.#write('error', line);
  }

  fatal(...line: unknown[]): void {
    this.#write('error', line);
  }

  /** Nest gives a message or an object first, then anything, and the name of who speaks last. */
  #write(level: 'trace' | 'debug' | 'warn' | 'error', [first, ...rest]: unknown[]): void {
    const context = rest.length > 0 ? rest.pop() : undefined;
    // Said of an error that stops the start, which is thrown on to who started the process and told there.
    if (context === 'ExceptionHandler') return;
    const fields = typeof first === 'object' && first !== null && !(first instanceof Error) ? first : {};
    const message = [first, ...rest].find((part) => typeof part === 'string') ?? 'The framework reported an event.';
    const error = first instanceof Error ? { err: first } : {};
    const stack = rest.find((part) => typeof part === 'string' && part !== message);
    this.logger[level]({ ...fields, ...error, stack, context }, message);
  }
}
