import { pino, type Logger, type LoggerOptions } from 'pino';
import { openLogOutput } from './log-output.js';
import { currentRequestContext } from './request-context.js';

/** Paths that are blanked should an object ever carry them into a log line; the first line of defence is the `Secret` type. */
const REDACTED_PATHS = [
  'authorization',
  'cookie',
  'client_secret',
  'clientSecret',
  'access_token',
  'secret',
  'password',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** How every process logs: JSON lines, a static message with its data in fields, request and trace id from the context. */
export function loggerOptions(name: string, level: string): LoggerOptions {
  return {
    name,
    level,
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    // A copy: pino writes a line's own fields into what the mixin returns.
    mixin: () => {
      const context = currentRequestContext();
      return context ? { requestId: context.requestId, traceId: context.traceparent.slice(3, 35) } : {};
    },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: timeOfLine,
  };
}

let lastMs = 0;
let lastTime = '';

/** As `pino.stdTimeFunctions.isoTime`, made once for the lines of a millisecond. */
function timeOfLine(): string {
  const nowMs = Date.now();
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastTime = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return lastTime;
}

/** The logger of a process, writing to standard output. */
export function createLogger(name: string, level: string): Logger {
  return pino(loggerOptions(name, level), openLogOutput());
}
