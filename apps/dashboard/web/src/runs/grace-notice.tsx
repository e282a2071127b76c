import { Text } from '@mantine/core';
import { Link } from '../routing/link.js';
import type { ShownRun } from '../server.js';

/** The states in which a rotation in its grace is not done. */
const UNFINISHED: readonly string[] = ['queued', 'running', 'waiting', 'failed', 'needs_attention'];

/** Where to acknowledge the new secret of a rotation, or to go back to the old one; nothing for a run that is not in its grace. */
export function GraceNotice({ run }: { run: ShownRun }) {
  if (run.customer === null || run.mode === null || run.step !== 'grace' || !UNFINISHED.includes(run.state))
    return null;
  return (
    <Text size="sm">
      The new secret is in use and the old one still valid. To acknowledge the new one, or to roll back, go to{' '}
      <Link to={`/customers/${run.customer.id}`} size="sm">
        the secret of {run.customer.name}
      </Link>
      .
    </Text>
  );
}
