import { Text } from '@mantine/core';
import { Notice } from '../parts/notice.js';
import { RelativeTime } from '../parts/relative-time.js';
import { Link } from '../routing/link.js';
import type { ShownPause, ShownRun } from '../server.js';
import { inWords } from '../words/step-words.js';

/** Says that a pause holds the run, who set it and why. */
export function PausedNotice({ run, pause }: { run: ShownRun; pause: ShownPause }) {
  return (
    <Notice name="The run is paused" color="yellow">
      <Text fw={600}>{run.state === 'running' ? 'The run pauses at its next step' : 'The run is paused'}</Text>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {pause.plan !== null ? `Every run of “${inWords(pause.plan)}”` : `The tenant ${pause.tenantHost}`} was paused{' '}
        <RelativeTime at={pause.since} /> by {pause.actor}: {pause.reason}
      </Text>
      <Text size="sm">
        It goes on when the pause is lifted{run.cancelRequested ? ', and then undoes what it made' : ''}.{' '}
        <Link to="/pauses" size="sm">
          Go to the pauses
        </Link>
      </Text>
    </Notice>
  );
}
