import { Code, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyText } from '../parts/copy-text.js';
import { Facts } from '../parts/facts.js';
import { Notice } from '../parts/notice.js';
import type { ShownRun } from '../server.js';

type RunError = NonNullable<ShownRun['error']>;

const qlikWords: Record<string, string> = {
  status: 'HTTP status',
  code: 'Code',
  title: 'Title',
  detail: 'Detail',
  traceId: 'Trace id',
};

/** What an error is shown with. */
interface Box {
  error: RunError;
  color: string;
  /** Which run it is of, for a ticket. */
  about: string;
  /** What happens next, when nobody has to do anything. */
  next?: ReactNode;
}

/** Why a run does not go on, what to do, and what Qlik said, to be copied whole into a ticket. */
export function RunErrorBox({ error, color, about, next }: Box) {
  const qlik = Object.entries(error.qlik ?? {});
  return (
    <Notice name="What stopped the run" color={color}>
      <div>
        <Code fz="sm" fw={700}>
          {error.code}
        </Code>
      </div>
      <Text size="sm">{error.message}</Text>
      {next}
      {error.hint !== undefined && (
        <Text size="sm">
          <strong>What to do: </strong>
          {error.hint}
        </Text>
      )}
      {qlik.length > 0 && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            What Qlik answered
          </Text>
          <Facts rows={qlik.map(([name, value]) => [qlikWords[name] ?? name, String(value)] as const)} />
        </div>
      )}
      <Group>
        <CopyText text={asText(error, about)} label="Copy for a ticket" />
      </Group>
    </Notice>
  );
}

function asText({ code, message, hint, qlik }: RunError, about: string): string {
  const lines = [about, `${code}: ${message}`];
  if (hint !== undefined) lines.push(`What to do: ${hint}`);
  for (const [name, value] of Object.entries(qlik ?? {})) lines.push(`Qlik ${name}: ${value}`);
  return lines.join('\n');
}
