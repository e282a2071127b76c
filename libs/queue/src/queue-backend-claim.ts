import { DomainError, type Database } from '@app/platform';

/** What carries the queue. */
export type QueueBackend = 'redis' | 'postgres';

const SETTING = 'queue-backend';

/**
 * Records `backend` as what carries this installation's queue, on the first start of all; a process configured otherwise is refused with
 * QUEUE_BACKEND_MISMATCH, since its wake-ups would reach nobody. To switch: stop every process, delete the row
 * (`DELETE FROM installation_settings WHERE name = 'queue-backend'`), set or unset `REDIS_URL` everywhere, start. Nothing is lost: the runs
 * are rows, and the sweep sends a wake-up for each that is due.
 */
export async function claimQueueBackend(database: Database, backend: QueueBackend): Promise<void> {
  const settings = database.client.installationSetting;
  await settings.createMany({ data: [{ name: SETTING, value: backend }], skipDuplicates: true });
  const { value } = await settings.findUniqueOrThrow({ where: { name: SETTING } });
  if (value === backend) return;
  const configured = backend === 'redis' ? 'REDIS_URL is set' : 'REDIS_URL is not set';
  throw new DomainError(
    'conflict',
    'QUEUE_BACKEND_MISMATCH',
    `This installation's queue is on "${value}", but this process is configured for "${backend}" (${configured}). ` +
      `${value === 'redis' ? 'Set REDIS_URL as for the other processes' : 'Unset REDIS_URL'}, or switch on purpose: stop every process, ` +
      `run DELETE FROM installation_settings WHERE name = '${SETTING}', and start them all with the same REDIS_URL; runs under way carry on.`,
  );
}
