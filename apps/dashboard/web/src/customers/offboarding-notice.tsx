import { Text } from '@mantine/core';
import { Notice } from '../parts/notice.js';
import { Link } from '../routing/link.js';
import type { ShownCustomerDetails } from '../server.js';

/** Says of a customer that is offboarded what that means; nothing of any other. */
export function OffboardingNotice({ customer: { state, currentRunId } }: { customer: ShownCustomerDetails }) {
  if (state !== 'offboarding' && state !== 'offboarded') return null;
  const isDone = state === 'offboarded';
  return (
    <Notice name={isDone ? 'Offboarded' : 'Being offboarded'} color={isDone ? 'gray' : 'yellow'}>
      <Text fw={600}>{isDone ? 'This customer was offboarded' : 'This customer is being offboarded'}</Text>
      <Text size="sm">
        {isDone
          ? 'Its client is deleted in the tenant, its secrets are destroyed, and its external id and tenant are free again.'
          : 'Its credentials are no longer given out, and nothing else begins for it.'}{' '}
        {currentRunId !== null && (
          <Link to={`/runs/${currentRunId}`} size="sm">
            Go to the run
          </Link>
        )}
      </Text>
    </Notice>
  );
}
