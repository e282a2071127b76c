import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DomainError } from '@app/platform';

const run = promisify(execFile);

/** Keeps a second quickstart out of `folder` while one runs there; what a killed one left is taken over. Returns what lets go. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'quickstart.pid');
  const pid = await readFile(file, 'utf8').then(Number, () => undefined);
  if (pid !== undefined && pid !== process.pid && (await isQuickstart(pid))) {
    throw new DomainError(
      'conflict',
      'ALREADY_RUNNING',
      `A quickstart runs in "${folder}" already (process ${pid}). Stop it with "kill ${pid}", or give this one a DATA_DIR of its own.`,
    );
  }
  await writeFile(file, String(process.pid));
  return () => rm(file, { force: true });
}

/** After a reboot the number may be another program's. */
async function isQuickstart(pid: number): Promise<boolean> {
  try {
    const { stdout } = await run('ps', ['-p', String(pid), '-o', 'command=']);
    return stdout.includes('quickstart');
  } catch {
    return false;
  }
}
