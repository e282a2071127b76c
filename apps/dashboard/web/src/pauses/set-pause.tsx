import { Button, Modal, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { DialogEnd } from '../parts/dialog-end.js';
import { ReasonInput } from '../parts/reason-input.js';
import { useRefresh } from '../parts/use-refresh.js';
import { change } from '../request.js';
import type { ShownPause } from '../server.js';
import { useCsrfToken } from '../session/use-session.js';
import { inWords } from '../words/step-words.js';

const kinds = [
  { value: 'tenant', label: 'A tenant' },
  { value: 'plan', label: 'A plan' },
];

/** Asks what to pause and why, then pauses it. */
export function SetPause({
  tenantHost,
  plans,
  onClose,
}: {
  tenantHost: string;
  plans: readonly string[];
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const csrfToken = useCsrfToken();
  const [kind, setKind] = useState('tenant');
  const [host, setHost] = useState(tenantHost);
  const [plan, setPlan] = useState<string | null>(null);
  const [reason, setReason] = useState('');
  const target = kind === 'tenant' ? { tenantHost: host.trim() } : { plan };
  const isComplete = reason.trim() !== '' && (kind === 'tenant' ? host.trim() !== '' : plan !== null);
  const submit = useMutation({
    mutationFn: () =>
      change<ShownPause>('POST', '/api/pauses', {
        body: { ...target, reason: reason.trim() },
        csrfToken: csrfToken(),
      }),
    onSuccess: async () => {
      onClose();
      await refresh();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Set a pause" centered>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isComplete) submit.mutate();
        }}
      >
        <Stack gap="md">
          <SegmentedControl aria-label="What to pause" data={kinds} value={kind} onChange={setKind} fullWidth />
          {kind === 'tenant' ? (
            <TextInput
              label="Tenant"
              description="The host, as it stands on the customer’s page."
              placeholder="acme.eu.qlikcloud.com"
              required
              maxLength={253}
              value={host}
              onChange={(event) => setHost(event.currentTarget.value)}
              data-autofocus={tenantHost === '' || undefined}
            />
          ) : (
            <Select
              label="Plan"
              description="Every run of it, at every customer."
              required
              data={plans.map((name) => ({ value: name, label: inWords(name) }))}
              value={plan}
              onChange={setPlan}
            />
          )}
          <ReasonInput
            description="Shown on the runs it holds, and kept in the audit trail with your name."
            value={reason}
            onChange={setReason}
            hasFocus={tenantHost !== ''}
          />
          <Text size="sm">
            A run’s time does not stop while it is held: one whose time is over when the pause is lifted fails where it
            would have to wait, and can then be retried.
          </Text>
          <DialogEnd error={submit.error} onBack={onClose}>
            <Button type="submit" loading={submit.isPending} disabled={!isComplete}>
              Pause
            </Button>
          </DialogEnd>
        </Stack>
      </form>
    </Modal>
  );
}
