import { DomainError } from './errors.js';
import { ConfigurationError } from './config.js';

/** A process of ours that is up. */
export interface RunningProcess {
  url: string;
  /** Finishes what is under way and lets go of everything; resolves when the process may end. */
  close(): Promise<void>;
}

/** How long closing may take before the process ends all the same; orchestrators commonly kill after 30 s. */
const CLOSE_WITHIN_MS = 25_000;

/** Starts the process and ends it with 0 on SIGTERM and SIGINT; what keeps it from starting is told in a sentence, with exit code 1. */
export async function runProcess(start: (env: NodeJS.ProcessEnv) => Promise<RunningProcess>): Promise<void> {
  let running: RunningProcess;
  try {
    running = await start(process.env);
  } catch (error) {
    process.stderr.write(`${explainStartFailure(error)}\n`);
    process.exit(1);
  }
  let closing = false;
  const end = (): void => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Closing failed: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

/** Why a process did not start, in a sentence for whoever started it. */
export function explainStartFailure(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof DomainError) return error.message;
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port ?? ''} is in use: stop what listens there, or give another one in PORT.`;
  if (code === 'EACCES') return `Port ${port ?? ''} may not be opened by this user: give one above 1023 in PORT.`;
  if (/P1001|ECONNREFUSED|Can't reach database/.test(`${code} ${message}`)) {
    return 'PostgreSQL cannot be reached. Check that it runs and that DATABASE_URL names it.';
  }
  // A mistake of ours shows where; everything else was thrown to be read.
  const isOurs = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  return isOurs ? `The process could not start: ${error.stack}` : (error as Error).message;
}
