import { Button, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { DialogEnd } from '../parts/dialog-end.js';
import { useRefresh } from '../parts/use-refresh.js';
import { change } from '../request.js';
import type { ShownPauseDetails } from '../server.js';
import { useCsrfToken } from '../session/use-session.js';

/** Asks whether it is meant, then lifts a pause. */
export function LiftPause({ pause, name, onClose }: { pause: ShownPauseDetails; name: string; onClose: () => void }) {
  const refresh = useRefresh();
  const csrfToken = useCsrfToken();
  const submit = useMutation({
    mutationFn: () => change('DELETE', `/api/pauses/${pause.id}`, { csrfToken: csrfToken() }),
    onSuccess: () => onClose(),
    onSettled: refresh,
  });
  return (
    <Modal opened onClose={onClose} title="Lift this pause" centered>
      <Stack gap="md">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {name} was paused for this reason: {pause.reason}
        </Text>
        <Text size="sm">
          {pause.heldRuns === 0
            ? 'It holds no run now.'
            : pause.heldRuns === 1
              ? 'The run that it holds goes on at once, unless another pause holds it.'
              : `The ${pause.heldRuns} runs that it holds go on at once, unless another pause holds them.`}
        </Text>
        <DialogEnd error={submit.error} onBack={onClose}>
          <Button loading={submit.isPending} onClick={() => submit.mutate()} data-autofocus>
            Lift the pause
          </Button>
        </DialogEnd>
      </Stack>
    </Modal>
  );
}
