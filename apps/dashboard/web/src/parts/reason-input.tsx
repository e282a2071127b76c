import { TextInput } from '@mantine/core';

/** Asks for a reason, within what the server takes; `hasFocus` when its dialog opens. */
export function ReasonInput({
  description,
  value,
  onChange,
  hasFocus,
}: {
  description: string;
  value: string;
  onChange: (reason: string) => void;
  hasFocus: boolean;
}) {
  return (
    <TextInput
      label="Reason"
      description={description}
      required
      maxLength={500}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data-autofocus={hasFocus || undefined}
    />
  );
}
