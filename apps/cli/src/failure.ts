import { ConfigurationError, DomainError, Prisma } from '@app/platform';
import { CommanderError } from 'commander';
import { DatabaseError } from 'pg';
import { type ExitCode, exitCode } from './exit-code.js';
import { Interrupted } from './interrupt.js';

/** How a failed command ends. */
export interface Failure {
  exitCode: ExitCode;
  code: string;
  message: string;
}

/** What to tell somebody whose command failed: one line, never a stack. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.help') return usage('No command is given: --help lists them.');
    return usage(oneLine(error.message.replace(/^error: /, '')));
  }
  if (error instanceof Interrupted) {
    return { exitCode: exitCode.interrupted, code: 'INTERRUPTED', message: error.message };
  }
  if (error instanceof ConfigurationError) return failed('CONFIGURATION_INVALID', oneLine(error.message));
  if (error instanceof DomainError) {
    const code = error.kind === 'invalid' ? exitCode.usage : exitCode.failed;
    return { exitCode: code, code: error.code, message: oneLine(error.message) };
  }
  if (isTableAbsent(error)) {
    return failed(
      'DATABASE_NOT_MIGRATED',
      'The database lacks a table or column of this version: run the command migrate.',
    );
  }
  return failed('UNEXPECTED', oneLine(error instanceof Error ? error.message : String(error)));
}

/** PostgreSQL's codes for a table or column that does not exist. */
const TABLE_ABSENT = ['42P01', '42703'];

/** Prisma has codes of its own for it (P2021, P2022), but keeps PostgreSQL's within that for a failed raw query (P2010). */
function isTableAbsent(error: unknown): boolean {
  if (error instanceof DatabaseError) return TABLE_ABSENT.includes(error.code ?? '');
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  if (error.code !== 'P2010') return ['P2021', 'P2022'].includes(error.code);
  const { cause } = (error.meta?.driverAdapterError ?? {}) as { cause?: { originalCode?: string } };
  return TABLE_ABSENT.includes(cause?.originalCode ?? '');
}

function usage(message: string): Failure {
  return { exitCode: exitCode.usage, code: 'USAGE', message };
}

function failed(code: string, message: string): Failure {
  return { exitCode: exitCode.failed, code, message };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
