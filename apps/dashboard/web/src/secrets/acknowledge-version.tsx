import { Button, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { DialogEnd } from '../parts/dialog-end.js';
import { useRefresh } from '../parts/use-refresh.js';
import { change } from '../request.js';
import { navigate } from '../routing/location.js';
import type { ShownSecret } from '../server.js';
import { useCsrfToken } from '../session/use-session.js';

/** Asks whether it is meant, then notes for the OEM that it uses the current version, and goes to the run that waited for it. */
export function AcknowledgeVersion({
  customerId,
  secret,
  onClose,
}: {
  customerId: string;
  secret: ShownSecret;
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const csrfToken = useCsrfToken();
  // What the operator was asked about, whatever becomes current meanwhile.
  const [{ version, runId }] = useState(() => ({
    version: secret.versions.find(({ state }) => state === 'current')!.version,
    runId: secret.rotation!.runId,
  }));
  const submit = useMutation({
    mutationFn: () =>
      change('POST', `/api/customers/${customerId}/acknowledgements`, { body: { version }, csrfToken: csrfToken() }),
    onSuccess: async () => {
      onClose();
      navigate(`/runs/${runId}`);
      await refresh();
    },
    onError: refresh,
  });
  return (
    <Modal opened onClose={onClose} title={`Acknowledge version ${version}`} centered>
      <Stack gap="md">
        <Text size="sm">
          Do this for the OEM if you know that all its consumers use version {version} of the credentials. The rotation
          then waits for nothing but the end of the grace, and deletes the old secret at Qlik.
        </Text>
        <Text size="sm">It is kept in the customer’s audit trail, with your name, and cannot be taken back.</Text>
        <DialogEnd error={submit.error} onBack={onClose}>
          <Button loading={submit.isPending} onClick={() => submit.mutate()} data-autofocus>
            Acknowledge
          </Button>
        </DialogEnd>
      </Stack>
    </Modal>
  );
}
