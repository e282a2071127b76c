import { Button, Modal, Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { DialogEnd } from './dialog-end.js';
import { ReasonInput } from './reason-input.js';

/** Tells what something about a customer does, asks why, then has it done with the reason. */
export function ReasonDialog({
  title,
  verb,
  isDrastic,
  submit,
  onClose,
  children,
}: {
  title: string;
  verb: string;
  isDrastic: boolean;
  submit: { mutate: (reason: string) => void; isPending: boolean; error: Error | null };
  onClose: () => void;
  children: ReactNode;
}) {
  const [input, setInput] = useState('');
  const reason = input.trim();
  return (
    <Modal opened onClose={onClose} title={title} centered>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason !== '') submit.mutate(reason);
        }}
      >
        <Stack gap="md">
          {children}
          <ReasonInput
            description="Kept in the customer’s audit trail, with your name."
            value={input}
            onChange={setInput}
            hasFocus
          />
          <DialogEnd error={submit.error} onBack={onClose}>
            <Button
              type="submit"
              color={isDrastic ? 'red' : undefined}
              loading={submit.isPending}
              disabled={reason === ''}
            >
              {verb}
            </Button>
          </DialogEnd>
        </Stack>
      </form>
    </Modal>
  );
}
