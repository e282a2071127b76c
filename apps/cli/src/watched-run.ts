import { setTimeout as pause } from 'node:timers/promises';
import { RunsReader } from '@app/runs';
import type { Run } from '../../api/src/runs/run.schema.js';
import type { CommandContext } from './command-context.js';
import { interruptible } from './interrupt.js';
import { assertSucceeded, hasEnded } from './run-end.js';
import { showRuns } from './shown-run.js';
import type { Services } from './with-services.js';

/** How often a run is looked at. */
const LOOK_EVERY_MS = 500;

/** Prints the run's changes, line by line, until it ends. Throws RUN_NOT_FOUND, RUN_NOT_SUCCEEDED for an end that is no success, and Interrupted. */
export async function watchRun(services: Services, runId: string, { print }: CommandContext): Promise<void> {
  const told = new Map<string, string>();
  const tell = (name: string, state: string, change: Change): void => {
    if (told.get(name) === state) return;
    told.set(name, state);
    print(change.json, change.text);
  };
  const ended = await interruptible(
    `The run "${runId}" goes on without you. To follow it again: runs watch ${runId}`,
    async (signal) => {
      for (;;) {
        const [run] = await showRuns(services, [await services.get(RunsReader).get(runId)]);
        for (const step of run!.steps) {
          if (step.state !== 'pending')
            tell(`step ${step.name}`, `${step.state} ${step.error?.code}`, stepChange(step));
        }
        tell('run', `${run!.state} ${run!.pausedBy?.id}`, runChange(run!));
        if (hasEnded(run!)) return run!;
        await pause(LOOK_EVERY_MS, undefined, { signal });
      }
    },
  );
  assertSucceeded(ended);
}

interface Change {
  json: object;
  text: string;
}

function stepChange({ name, state, startedAt, finishedAt, waitingUntil, error }: Run['steps'][number]): Change {
  const at = finishedAt ?? startedAt;
  const until = state === 'waiting' && waitingUntil !== null ? `until ${waitingUntil}` : '';
  const why = error === null ? '' : `${error.code}: ${error.message}`;
  return {
    json: { event: 'step', step: { name, state, startedAt, finishedAt, waitingUntil, error } },
    text: [at ?? '', '  ', name, state, until, why].filter((part) => part !== '').join(' '),
  };
}

function runChange(run: Run): Change {
  const held = run.pausedBy === null ? '' : ` (paused: ${run.pausedBy.reason})`;
  return { json: { event: 'run', run }, text: `run ${run.id} ${run.plan} ${run.state}${held}` };
}
