import type { ProvisionerClient } from './client.js';
import { linkSignals } from './linked-signals.js';
import { ProblemError } from './problem-error.js';
import type { Run } from './resources.js';
import { readServerSentEvents } from './server-sent-events.js';
import { sleep } from './sleep.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** The API sends something each 15 s. */
const SILENCE_MS = 40_000;

/**
 * The run, and again each time it has changed, until `signal` is aborted; throws its reason then, or ProblemError when the API refuses to
 * show the run. Reads the run's events, and asks for the run where there are none. `onTrouble` hears why the API could not be asked.
 */
export async function* watchRun(
  client: Pick<ProvisionerClient, 'GET'>,
  runId: string,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): AsyncGenerator<Run, never> {
  let version: string | undefined;
  let hasEvents = true;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    if (hasEvents) {
      hasEvents = false;
      for await (const event of readEvents(client, runId, version, signal)) {
        // Where there was one there will be more, once this connection has ended.
        hasEvents = true;
        waitMs = FIRST_WAIT_MS;
        version = event.id;
        yield event.run;
      }
    }
    const changed = await readChange(client, runId, version, signal, onTrouble);
    if (changed !== undefined) {
      waitMs = FIRST_WAIT_MS;
      version = changed.version;
      yield changed.run;
    }
    await sleep(waitMs, signal);
  }
}

/** The run if it is not at `version` any more; undefined also when the API does not answer now. */
async function readChange(
  client: Pick<ProvisionerClient, 'GET'>,
  runId: string,
  version: string | undefined,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<{ run: Run; version: string | undefined } | undefined> {
  const header = version === undefined ? {} : { 'If-None-Match': `"${version}"` };
  try {
    const answer = await client.GET('/v1/runs/{id}', { params: { path: { id: runId }, header }, signal });
    if (answer.response.status === 304) return undefined;
    if (answer.data !== undefined) return { run: answer.data, version: versionOf(answer.response) };
    throw new ProblemError(answer.response, answer.error);
  } catch (error) {
    signal.throwIfAborted();
    if (!isPassing(error)) throw error;
    onTrouble(error);
    return undefined;
  }
}

/** Events of the run until their connection ends or breaks; none where the API or a proxy does not let them through. */
async function* readEvents(
  client: Pick<ProvisionerClient, 'GET'>,
  runId: string,
  version: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<{ id: string; run: Run }> {
  const silence = Symbol('silence');
  const link = linkSignals(signal);
  let timer = setTimeout(() => link.abort(silence), SILENCE_MS);
  const onBytes = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => link.abort(silence), SILENCE_MS);
  };
  try {
    // An older API has no events: its 404 is one more reason to ask for the run instead.
    const { data, response } = await client.GET('/v1/runs/{id}/events' as string as '/v1/runs/{id}', {
      params: { path: { id: runId } },
      headers: { accept: 'text/event-stream', 'last-event-id': version },
      parseAs: 'stream',
      signal: link.signal,
      // Asking for the run itself is the other way.
      retry: false,
    });
    if (!data || !response.headers.get('content-type')?.startsWith('text/event-stream')) return;
    for await (const { event, id, data: run } of readServerSentEvents(data, onBytes))
      if (event === 'run') yield { id, run: JSON.parse(run) as Run };
  } catch (error) {
    signal.throwIfAborted();
    if (error !== silence && !isPassing(error)) throw error;
  } finally {
    clearTimeout(timer);
    link.release();
  }
}

/** Whether it may be otherwise in a while: the connection failed (TypeError), took too long, or a part of the service does not answer. */
function isPassing(error: unknown): boolean {
  if (error instanceof ProblemError) return error.status === 429 || error.status >= 500;
  // By name: another fetch than the platform's may have a TypeError of its own.
  return ['TypeError', 'TimeoutError'].includes(String((error as { name?: unknown } | undefined)?.name));
}

/** The ETag as the id of an event has it: without quotes. A proxy that compresses makes it a weak one. */
function versionOf(response: Response): string | undefined {
  return response.headers.get('etag')?.replace(/^W\//, '').replaceAll('"', '');
}
