import { Code, Table, Text } from '@mantine/core';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import { Link } from '../routing/link.js';
import type { ShownRunRow } from '../server.js';
import { modeLabel } from '../words/rotation-words.js';
import { inWords } from '../words/step-words.js';
import classes from './run-list.module.css';

/** Runs as a table; on a narrow page each row becomes a block. */
export function RunList({ runs, withCustomer = true }: { runs: readonly ShownRunRow[]; withCustomer?: boolean }) {
  return (
    <Table className={classes.list} verticalSpacing="xs" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Run</Table.Th>
          <Table.Th>State</Table.Th>
          {withCustomer && <Table.Th>Customer</Table.Th>}
          <Table.Th>Step</Table.Th>
          <Table.Th>Created</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {runs.map((run) => (
          <Table.Tr key={run.id}>
            <Table.Td>
              <Link to={`/runs/${run.id}`} size="sm" fw={500}>
                {inWords(run.plan)}
              </Link>
              {run.mode !== null && run.mode !== 'graceful' && (
                <Text size="xs" c="dimmed">
                  {modeLabel(run.mode)}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <StateBadge state={run.state} />
            </Table.Td>
            {withCustomer && (
              <Table.Td>
                {run.customer === null ? (
                  <Text size="sm">none yet</Text>
                ) : (
                  <Link to={`/customers/${run.customer.id}`} size="sm">
                    {run.customer.name}
                  </Link>
                )}
                <Text size="xs" c="dimmed">
                  {run.tenantHost}
                </Text>
              </Table.Td>
            )}
            <Table.Td>
              <StandsAt run={run} />
            </Table.Td>
            <Table.Td>
              <RelativeTime at={run.createdAt} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function StandsAt({ run }: { run: ShownRunRow }) {
  return (
    <>
      <Text size="sm">{run.step !== null ? inWords(run.step) : run.state === 'queued' ? 'not begun' : '–'}</Text>
      {run.error !== null && <Code>{run.error.code}</Code>}
      {run.pausedBy !== null && (
        <Text size="xs" c="dimmed">
          {run.state === 'running' ? 'pauses at its next step' : 'paused'}
        </Text>
      )}
      {run.state === 'waiting' && run.waitingUntil !== null && run.pausedBy === null && (
        <Text size="xs" c="dimmed">
          goes on <RelativeTime at={run.waitingUntil} />
        </Text>
      )}
      {run.cancelRequested && run.state !== 'cancelled' && (
        <Text size="xs" c="dimmed">
          told to stop
        </Text>
      )}
    </>
  );
}
