import { Alert, Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';

/** The end of a dialog: what went wrong, the way back, and the button that does it. */
export function DialogEnd({
  error,
  onBack,
  children,
}: {
  error: Error | null;
  onBack: () => void;
  children: ReactNode;
}) {
  return (
    <>
      {error !== null && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onBack}>
          Go back
        </Button>
        {children}
      </Group>
    </>
  );
}
