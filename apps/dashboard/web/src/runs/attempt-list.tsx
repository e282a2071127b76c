import { Code, Group, Stack, Table, Text } from '@mantine/core';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import type { ShownRun } from '../server.js';
import { inWords } from '../words/step-words.js';
import { tellDuration } from '../words/time-words.js';

type Attempt = ShownRun['steps'][number]['attempts'][number];

/** The tries of a step, newest first, with the calls that each made. */
export function AttemptList({ attempts }: { attempts: readonly Attempt[] }) {
  return (
    <Stack gap="md" mt="xs">
      {attempts.toReversed().map((attempt) => (
        <div key={attempt.number}>
          <Group gap="xs" mb={4}>
            <Text size="sm" fw={600}>
              Attempt {attempt.number}
            </Text>
            <StateBadge state={attempt.outcome} size="sm" />
            <Text size="xs" c="dimmed">
              <RelativeTime at={attempt.startedAt} />, took{' '}
              {tellDuration(Date.parse(attempt.finishedAt) - Date.parse(attempt.startedAt))}
            </Text>
          </Group>
          {attempt.error !== null && (
            <Text size="sm" mb={4}>
              <Code>{attempt.error.code}</Code> {attempt.error.message}
            </Text>
          )}
          <Calls calls={attempt.calls} />
        </div>
      ))}
    </Stack>
  );
}

function Calls({ calls }: { calls: Attempt['calls'] }) {
  if (calls.length === 0) {
    return (
      <Text size="xs" c="dimmed">
        No call to Qlik.
      </Text>
    );
  }
  return (
    <Table.ScrollContainer minWidth={460} type="native">
      <Table fz="xs" verticalSpacing={4} withTableBorder aria-label="Calls to Qlik">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Call to Qlik</Table.Th>
            <Table.Th>Answer</Table.Th>
            <Table.Th ta="right">Took</Table.Th>
            <Table.Th>Trace id</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {calls.map((call, index) => (
            <Table.Tr key={index}>
              <Table.Td>{inWords(String(call.operation ?? 'call'))}</Table.Td>
              <Table.Td>
                {call.status ?? 'none'} {call.code !== undefined && <Code fz="xs">{call.code}</Code>}
              </Table.Td>
              <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                {typeof call.durationMs === 'number' ? tellDuration(call.durationMs) : '–'}
              </Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{call.traceId ?? '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
