import { access, type FileHandle, link, open, unlink } from 'node:fs/promises';
import { DomainError } from '@app/platform';

/** Has `write` fill a new file that only its owner may read; it gets its name once it is whole. Throws FILE_EXISTS; what `write` throws leaves nothing behind. */
export async function writeWholeFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  await access(path).then(
    () => refuse(path),
    () => undefined,
  );
  const draft = `${path}.part-${process.pid}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike rename(), link() replaces nothing.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? exists(path) : error;
    });
  } finally {
    await unlink(draft);
  }
}

function refuse(path: string): never {
  throw exists(path);
}

const exists = (path: string): DomainError =>
  new DomainError('conflict', 'FILE_EXISTS', `There is a file "${path}" already: name another one, or move it away.`);
