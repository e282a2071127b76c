import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { RotationMode, ShownSecret } from '../server.js';
import { AcknowledgeVersion } from './acknowledge-version.js';
import { AskRotation } from './ask-rotation.js';

/** What may be asked about the secret now; what may not says why. */
export function SecretActions({ customerId, secret }: { customerId: string; secret: ShownSecret }) {
  const [asked, setAsked] = useState<RotationMode | 'acknowledge'>();
  const close = () => setAsked(undefined);
  return (
    <Stack gap={4} align="flex-start">
      <Group gap="xs">
        <Button
          size="sm"
          disabled={!secret.canRotate}
          aria-describedby="secret-actions"
          onClick={() => setAsked('graceful')}
        >
          Rotate now
        </Button>
        {secret.canAcknowledge && (
          <Button size="sm" variant="default" onClick={() => setAsked('acknowledge')}>
            Acknowledge
          </Button>
        )}
        {secret.canRollBack && (
          <Button size="sm" variant="default" onClick={() => setAsked('rollback')}>
            Roll back
          </Button>
        )}
        <Button
          size="sm"
          color="red"
          variant="outline"
          disabled={!secret.canRotateInEmergency}
          aria-describedby="secret-actions"
          onClick={() => setAsked('emergency')}
        >
          Emergency
        </Button>
      </Group>
      <Text size="xs" c="dimmed" id="secret-actions">
        {explain(secret)}
      </Text>
      {asked === 'acknowledge' && <AcknowledgeVersion customerId={customerId} secret={secret} onClose={close} />}
      {asked !== undefined && asked !== 'acknowledge' && (
        <AskRotation customerId={customerId} secret={secret} request={asked} onClose={close} />
      )}
    </Stack>
  );
}

function explain({ canRotate, canRotateInEmergency, canAcknowledge, canRollBack }: ShownSecret): string {
  if (!canRotateInEmergency) return 'The customer is not ready, so its secret cannot be rotated.';
  if (canAcknowledge)
    return 'A rotation waits until the new secret is known to be in use; until then the old one stays valid.';
  if (canRollBack) return 'A rotation is in its grace: the old secret is still valid.';
  return canRotate ? '' : 'A rotation is under way: only an emergency takes it over.';
}
