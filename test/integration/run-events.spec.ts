import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunVersionsReader, type RunVersion } from '@app/runs';
import { pino } from 'pino';
import { RunEventTimes } from '../../apps/api/src/runs/run-event-times.js';
import { RunEvents } from '../../apps/api/src/runs/run-events.js';
import { RunWatch } from '../../apps/api/src/runs/run-watch.js';
import { RunsHarness } from './runs-harness.js';
import { TestPlan } from './test-plan.js';

/** Counts the looks, and fails when the test says so. */
class WatchedVersions extends RunVersionsReader {
  readonly asked: (readonly string[])[] = [];
  failures = 0;

  override list(runIds: readonly string[]): Promise<RunVersion[]> {
    this.asked.push(runIds);
    if (this.failures === 0) return super.list(runIds);
    this.failures -= 1;
    return Promise.reject(new Error('the database is away'));
  }
}

const never = new AbortController().signal;

let harness: RunsHarness;
let versions: WatchedVersions;
let watch: RunWatch;
let logged: { level: number; msg: string }[];

beforeAll(async () => {
  harness = await RunsHarness.start();
});
afterAll(() => harness.close());
beforeEach(() => {
  versions = new WatchedVersions(harness.database);
  logged = [];
});
afterEach(() => watch.onModuleDestroy());

function eventsWith(times: Partial<RunEventTimes>): RunEvents {
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const paces = { ...new RunEventTimes(), pollMs: 5, ...times };
  watch = new RunWatch(harness.reader, versions, harness.pauses, paces, logger);
  return new RunEvents(watch, paces);
}

const newRun = async (): Promise<string> => (await harness.queue(new TestPlan())).id;

/** A stream of the run, past its beginning. */
async function follow(events: RunEvents, runId: string, signal = never): Promise<AsyncGenerator<string>> {
  const stream = events.follow(await watch.get(runId), undefined, signal);
  expect((await stream.next()).value).toBe('retry: 2000\n\n');
  expect((await stream.next()).value).toContain('event: run\nid: 1\n');
  return stream;
}

describe('a stream of run events', () => {
  it('says that it is alive while nothing changes', async () => {
    const stream = await follow(eventsWith({ heartbeatMs: 5 }), await newRun());
    expect((await stream.next()).value).toBe(': nothing new\n\n');
    expect((await stream.next()).value).toBe(': nothing new\n\n');
    await stream.return(undefined);
  });

  it('ends after its longest time', async () => {
    const stream = await follow(eventsWith({ heartbeatMs: 1_000_000, longestMs: 5 }), await newRun());
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('ends at once when the signal fires', async () => {
    const stop = new AbortController();
    const stream = await follow(eventsWith({}), await newRun(), stop.signal);
    const end = stream.next();
    stop.abort();
    expect(await end).toEqual({ done: true, value: undefined });
  });

  it('goes on after an outage of the database, of which the log tells once', async () => {
    const runId = await newRun();
    const stream = await follow(eventsWith({}), runId);
    versions.failures = 3;
    await harness.cancel(runId);
    expect((await stream.next()).value).toContain('id: 2\n');
    expect([versions.failures, logged.map(({ level }) => level)]).toEqual([0, [40]]);
    await stream.return(undefined);
  });
});

describe('a stream of a run that has no customer', () => {
  const tenantHost = 'nobody-yet.eu.qlikcloud.com';
  it.each([
    ['plan', { plan: 'preflight' }],
    ['tenant', { tenantHost }],
  ])('tells of a pause of its %s, and of the end of that', async (_what, target) => {
    const run = { customerId: null, plan: 'preflight', input: { tenantHost }, wallClockMs: 60_000 };
    const { id } = await harness.database.transaction((tx) =>
      harness.service.create(tx, { ...run, actor: 'test', requestId: 'request-1', traceparent: null }),
    );
    const stream = await follow(eventsWith({ heartbeatMs: 1_000_000 }), id);
    const pauseId = await harness.pause(target);
    expect((await stream.next()).value).toContain(pauseId);
    await harness.lift(pauseId);
    expect((await stream.next()).value).toContain('id: 1\n');
    await stream.return(undefined);
  });
});

describe('the watch', () => {
  it('looks at every watched run with one statement, and at none that nobody watches any more', async () => {
    const events = eventsWith({});
    const [one, other] = [await newRun(), await newRun()];
    const streams = [await follow(events, one), await follow(events, one), await follow(events, other)];
    await harness.cancel(other);
    expect((await streams[2]!.next()).value).toContain('id: 2\n');
    expect(versions.asked.at(-1)).toHaveLength(2);
    await streams[2]!.return(undefined);
    await streams[0]!.return(undefined);
    versions.asked.length = 0;
    await harness.cancel(one);
    expect((await streams[1]!.next()).value).toContain('id: 2\n');
    expect(versions.asked.at(-1)).toEqual([one]);
    await streams[1]!.return(undefined);
  });
});
