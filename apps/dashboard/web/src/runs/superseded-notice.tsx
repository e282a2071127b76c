import { Text } from '@mantine/core';
import { Notice } from '../parts/notice.js';
import { Link } from '../routing/link.js';
import type { ShownRun } from '../server.js';

/** Says that another run took the place of this one, and leads there. */
export function SupersededNotice({ run }: { run: ShownRun }) {
  return (
    <Notice name="Another run took its place" color="gray">
      <Text fw={600}>Another run took its place</Text>
      <Text size="sm">
        This one was ended for it, and what it had made stays.{' '}
        {run.supersededBy === null ? (
          run.error?.message
        ) : (
          <Link to={`/runs/${run.supersededBy}`} size="sm">
            Go to that run
          </Link>
        )}
      </Text>
    </Notice>
  );
}
