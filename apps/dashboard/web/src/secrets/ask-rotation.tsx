import { List, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ReasonDialog } from '../parts/reason-dialog.js';
import { useRefresh } from '../parts/use-refresh.js';
import { change } from '../request.js';
import { navigate } from '../routing/location.js';
import type { BegunRotation, RotationMode, ShownSecret } from '../server.js';
import { useCsrfToken } from '../session/use-session.js';
import { tellGrace } from '../words/rotation-words.js';

const dialogs: Record<RotationMode, { title: string; verb: string; effect: (secret: ShownSecret) => ReactNode }> = {
  graceful: { title: 'Rotate the secret', verb: 'Rotate now', effect: tellRotation },
  emergency: { title: 'Rotate in an emergency', verb: 'Rotate at once', effect: tellEmergency },
  rollback: { title: 'Go back to the secret before', verb: 'Roll back', effect: tellRollback },
};

/** Asks why, then begins a rotation and goes to its run. */
export function AskRotation({
  customerId,
  secret,
  request,
  onClose,
}: {
  customerId: string;
  secret: ShownSecret;
  request: RotationMode;
  onClose: () => void;
}) {
  const { title, verb, effect } = dialogs[request];
  const refresh = useRefresh();
  const csrfToken = useCsrfToken();
  const submit = useMutation({
    mutationFn: (reason: string) => begin(customerId, request, reason, csrfToken()),
    onSuccess: async ({ runId }) => {
      onClose();
      navigate(`/runs/${runId}`);
      await refresh();
    },
    onError: refresh,
  });
  return (
    <ReasonDialog title={title} verb={verb} isDrastic={request === 'emergency'} submit={submit} onClose={onClose}>
      {effect(secret)}
    </ReasonDialog>
  );
}

function begin(customerId: string, request: RotationMode, reason: string, csrfToken: string) {
  const path = `/api/customers/${customerId}/rotations`;
  return request === 'rollback'
    ? change<BegunRotation>('POST', `${path}/rollback`, { body: { reason }, csrfToken })
    : change<BegunRotation>('POST', path, { body: { mode: request, reason }, csrfToken });
}

function tellRotation({ policy, rotation }: ShownSecret): ReactNode {
  return (
    <>
      <Text size="sm">
        A new secret is made, proved to work, and given to whoever reads the credentials from then on.{' '}
        {policy !== null && tellGrace(policy)}
      </Text>
      {rotation !== null && (
        <Text size="sm">
          The rotation that stopped goes on, or gives way to a new one if its secret is in use already.
        </Text>
      )}
    </>
  );
}

function tellEmergency({ rotation }: ShownSecret): ReactNode {
  return (
    <>
      <Text size="sm">
        For a secret that has leaked: a new one is made and proved to work, then all other secrets of ours are deleted
        at Qlik at once, without a grace.
      </Text>
      <List size="sm" spacing={4} pr="sm">
        <List.Item>Consumers that hold an old secret break until they read the new one.</List.Item>
        <List.Item>Tokens that were minted already live until they expire.</List.Item>
        {rotation !== null && <List.Item>The rotation that is not done gives way to it.</List.Item>}
      </List>
    </>
  );
}

function tellRollback({ versions, policy }: ShownSecret): ReactNode {
  const current = versions.find(({ state }) => state === 'current');
  const previous = versions.find(({ state, retiredAt }) => state === 'previous' && retiredAt === null);
  return (
    <Text size="sm">
      The secret of version {previous?.version} becomes the current one again, under a new number; that of version{' '}
      {current?.version} is then the old one. {policy !== null && tellGrace(policy)}
    </Text>
  );
}
