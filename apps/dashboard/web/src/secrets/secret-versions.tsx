import { Table } from '@mantine/core';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import type { ShownSecret } from '../server.js';
import classes from './secret-versions.module.css';

type Version = ShownSecret['versions'][number];

const times = [
  ['In use since', 'promotedAt'],
  ['First read or given', 'firstReadAt'],
  ['Acknowledged', 'acknowledgedAt'],
  ['Deleted at Qlik', 'retiredAt'],
  ['Revoked', 'revokedAt'],
] as const satisfies readonly (readonly [string, keyof Version])[];

/** The versions of a secret, newest first; on a narrow page each becomes a block without what has not happened. */
export function SecretVersions({ versions }: { versions: readonly Version[] }) {
  return (
    <Table className={classes.versions} verticalSpacing="xs" aria-label="Secret versions">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Version</Table.Th>
          <Table.Th>State</Table.Th>
          {times.map(([label]) => (
            <Table.Th key={label}>{label}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {versions.map((version) => (
          <Table.Tr key={version.version}>
            <Table.Td data-label="Version">{version.version}</Table.Td>
            <Table.Td data-label="State">
              <StateBadge state={version.state} size="sm" />
            </Table.Td>
            {times.map(([label, name]) => {
              const at = version[name];
              return (
                <Table.Td key={label} data-label={label} data-empty={at === null || undefined}>
                  {at === null ? '–' : <RelativeTime at={at} />}
                </Table.Td>
              );
            })}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
