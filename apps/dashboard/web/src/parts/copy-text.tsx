import { Button, Code, CopyButton, Group } from '@mantine/core';

/** A button that copies `text`. */
export function CopyText({ text, label = 'Copy' }: { text: string; label?: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button variant="default" size="compact-xs" onClick={copy} aria-live="polite" style={{ flexShrink: 0 }}>
          {copied ? 'Copied' : label}
        </Button>
      )}
    </CopyButton>
  );
}

/** An id as it stands in logs and at Qlik, with a button that copies it. */
export function CopyId({ id }: { id: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="center">
      <Code style={{ overflowWrap: 'anywhere' }}>{id}</Code>
      <CopyText text={id} />
    </Group>
  );
}
