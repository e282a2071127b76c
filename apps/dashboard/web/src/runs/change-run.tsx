import { Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ReasonDialog } from '../parts/reason-dialog.js';
import { useRefresh } from '../parts/use-refresh.js';
import { change, read, RequestFailed } from '../request.js';
import type { ShownRun } from '../server.js';
import { useCsrfToken } from '../session/use-session.js';

const actions = {
  retry: {
    verb: 'Retry',
    title: 'Retry this run',
    effect:
      'The run goes on at the step where it stopped; steps that succeeded are not repeated. Mend what stopped it first.',
    effectAfterCancel: 'The run begins anew with its first step: what it had made was undone when it was cancelled.',
  },
  cancel: {
    verb: 'Cancel the run',
    title: 'Cancel this run',
    effect: 'The run stops at its next step.',
    effectAfterCancel: undefined,
  },
} as const;

/** What becomes of what a cancelled run has made. */
const undoing: Record<string, string> = {
  onboarding: 'It undoes what it made in the tenant, the OAuth client included.',
  rotation: 'The secret that it made is deleted in the tenant; the current one stays as it is.',
  reconciliation: 'What it has set in the tenant stays.',
};

/** Times that a change is sent again because the run went on meanwhile, though in the same state. */
const MAX_TRIES = 5;

/** Asks why, then retries or cancels a run. */
export function ChangeRun({
  run,
  action,
  onClose,
}: {
  run: ShownRun;
  action: keyof typeof actions;
  onClose: () => void;
}) {
  const { verb, title, effect, effectAfterCancel } = actions[action];
  const client = useQueryClient();
  const refresh = useRefresh();
  const csrfToken = useCsrfToken();
  const [seenState] = useState(run.state);
  const submit = useMutation({
    mutationFn: (reason: string) => send(run, seenState, action, reason, csrfToken()),
    onSuccess: async (changed) => {
      onClose();
      client.setQueryData(['run', run.id], changed);
      await refresh();
    },
    onError: () => client.invalidateQueries({ queryKey: ['run', run.id] }),
  });
  return (
    <ReasonDialog title={title} verb={verb} isDrastic={action === 'cancel'} submit={submit} onClose={onClose}>
      <Text size="sm">
        {seenState === 'cancelled' ? effectAfterCancel : effect} {action === 'cancel' && undoing[run.plan]}
      </Text>
    </ReasonDialog>
  );
}

/** A run that is worked on changes all the time: as long as its state is what the operator saw, the decision holds. */
async function send(run: ShownRun, seenState: string, action: keyof typeof actions, reason: string, csrfToken: string) {
  let { revision } = run;
  for (let tries = 1; ; tries += 1) {
    try {
      return await change<ShownRun>('POST', `/api/runs/${run.id}/${action}`, { body: { reason, revision }, csrfToken });
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== 'RUN_CHANGED' || tries === MAX_TRIES) throw error;
      const fresh = await read<ShownRun>(`/api/runs/${run.id}`);
      if (fresh.state !== seenState) throw error;
      revision = fresh.revision;
    }
  }
}
