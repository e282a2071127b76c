import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ShownRun } from '../server.js';
import { ChangeRun } from './change-run.js';

/** What may be done to the run now; what may not says why. */
export function RunActions({ run }: { run: ShownRun }) {
  const [asked, setAsked] = useState<'retry' | 'cancel'>();
  const why = explain(run);
  return (
    <Stack gap={4} align="flex-start">
      <Group gap="xs">
        <Button size="sm" disabled={!run.canRetry} aria-describedby="run-actions" onClick={() => setAsked('retry')}>
          Retry
        </Button>
        <Button
          size="sm"
          variant="default"
          disabled={!run.canCancel}
          aria-describedby="run-actions"
          onClick={() => setAsked('cancel')}
        >
          Cancel
        </Button>
      </Group>
      <Text size="xs" c="dimmed" id="run-actions">
        {why}
      </Text>
      {asked !== undefined && <ChangeRun run={run} action={asked} onClose={() => setAsked(undefined)} />}
    </Stack>
  );
}

function explain(run: ShownRun): string {
  if (run.cancelRequested && run.state !== 'cancelled') {
    return run.canRetry
      ? 'It was told to stop; a retry goes on with undoing what it made.'
      : 'It was told to stop and does so at its next step.';
  }
  if (run.isSuperseded) return 'Another run took its place: there is nothing to retry or to cancel.';
  if (run.state === 'succeeded') return 'It succeeded: there is nothing to retry or to cancel.';
  if (run.plan === 'offboarding')
    return run.canRetry
      ? 'An offboarding cannot be cancelled.'
      : 'An offboarding cannot be cancelled, and it is under way.';
  if (run.customer !== null && isOver(run.customer.state))
    return 'The customer is offboarded: nothing more begins for it.';
  if (run.isPromoted) return explainPromoted(run);
  if (run.pausedBy !== null)
    return 'It has not ended, so it cannot be retried. A cancel takes effect once the pause is lifted.';
  if (run.canRetry && run.canCancel) return '';
  if (run.canRetry) return 'It has ended, so it cannot be cancelled.';
  return 'It is under way, so it cannot be retried.';
}

/** A rotation that can only go forward; from its grace, back by another one. */
const explainPromoted = ({ canRetry, step }: ShownRun): string =>
  `Its secret is ${step === 'promote' ? 'becoming the current one' : 'the current one already'}, so it cannot be cancelled${canRetry ? '' : '; it is under way, so it cannot be retried'}.`;

const isOver = (customerState: string): boolean => customerState === 'offboarding' || customerState === 'offboarded';
