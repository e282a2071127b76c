import { Button, List, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ReasonDialog } from '../parts/reason-dialog.js';
import { useRefresh } from '../parts/use-refresh.js';
import { change } from '../request.js';
import { navigate } from '../routing/location.js';
import type { BegunOffboarding, ShownCustomerDetails } from '../server.js';
import { useCsrfToken } from '../session/use-session.js';

/** Asks why, then offboards the customer and goes to the run. */
export function OffboardCustomer({ customer: { id, name } }: { customer: ShownCustomerDetails }) {
  const [isAsked, setIsAsked] = useState(false);
  const refresh = useRefresh();
  const csrfToken = useCsrfToken();
  const submit = useMutation({
    mutationFn: (reason: string) =>
      change<BegunOffboarding>('POST', `/api/customers/${id}/offboarding`, {
        body: { reason },
        csrfToken: csrfToken(),
      }),
    onSuccess: async ({ runId }) => {
      setIsAsked(false);
      navigate(`/runs/${runId}`);
      await refresh();
    },
    onError: refresh,
  });
  return (
    <>
      <Button size="sm" color="red" variant="outline" onClick={() => setIsAsked(true)}>
        Offboard
      </Button>
      {isAsked && (
        <ReasonDialog
          title={`Offboard ${name}`}
          verb="Offboard for good"
          isDrastic
          submit={submit}
          onClose={() => setIsAsked(false)}
        >
          <Text size="sm">The customer’s impersonation client is deleted in its tenant. There is no way back.</Text>
          <List size="sm" spacing={4} pr="sm">
            <List.Item>
              Its consumers get no more tokens; those that were minted already live until they expire.
            </List.Item>
            <List.Item>Its stored secrets are removed, and the key that sealed them is destroyed.</List.Item>
            <List.Item>Its other runs that are not done give way. Its audit trail stays.</List.Item>
          </List>
        </ReasonDialog>
      )}
    </>
  );
}
