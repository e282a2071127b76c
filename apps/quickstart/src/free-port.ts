import { createServer } from 'node:net';
import { DomainError } from '@app/platform';

/** A loopback port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  return listenOnce(0);
}

/** Throws PORT_NOT_FREE, naming the setting, when nothing could listen on the port now. */
export async function assertPortFree(setting: string, port: number): Promise<void> {
  try {
    await listenOnce(port);
  } catch (cause) {
    throw new DomainError(
      'conflict',
      'PORT_NOT_FREE',
      `Port ${port} cannot be used (${(cause as NodeJS.ErrnoException).code}): stop what listens there, or set ${setting} to another one.`,
      { cause },
    );
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      const bound = address !== null && typeof address === 'object' ? address.port : port;
      probe.close(() => resolve(bound));
    });
  });
}
