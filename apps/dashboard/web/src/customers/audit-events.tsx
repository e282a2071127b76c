import { Code, Group, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Empty, Loaded, ShowMore } from '../parts/query-state.js';
import { RelativeTime } from '../parts/relative-time.js';
import { read } from '../request.js';
import { Link } from '../routing/link.js';
import { addressOf } from '../routing/route.js';
import type { ShownAuditEvent } from '../server.js';

interface Page {
  events: ShownAuditEvent[];
  nextCursor?: string;
}

const REFRESH_MS = 5_000;

/** What happened to a customer, newest first. */
export function AuditEvents({ customerId }: { customerId: string }) {
  const pages = useInfiniteQuery({
    queryKey: ['audit-events', { customerId }],
    queryFn: ({ pageParam, signal }) =>
      read<Page>(addressOf('/api/audit-events', { customerId, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFRESH_MS,
  });
  return (
    <Loaded query={{ ...pages, data: pages.data?.pages.flatMap((page) => page.events) }} what="The audit events">
      {(events) =>
        events.length === 0 ? (
          <Empty title="No audit event yet">Whatever changes this customer is written here.</Empty>
        ) : (
          <>
            <Stack gap="sm" component="ol" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
              {events.map((event) => (
                <li key={event.id}>
                  <Event event={event} />
                </li>
              ))}
            </Stack>
            <ShowMore query={pages} />
          </>
        )
      }
    </Loaded>
  );
}

function Event({ event }: { event: ShownAuditEvent }) {
  const data = Object.entries(event.data).filter(([, value]) => value !== null && value !== '');
  return (
    <>
      <Group gap="xs">
        <Text size="sm" fw={500}>
          {event.meaning}
        </Text>
        <Code>{event.action}</Code>
      </Group>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        <RelativeTime at={event.occurredAt} /> by {event.actor}
        {data.map(([name, value]) => `, ${name}: ${value}`)}
        {event.subject.runId !== undefined && (
          <>
            {', '}
            <Link to={`/runs/${event.subject.runId}`} size="xs">
              run
            </Link>
          </>
        )}
      </Text>
    </>
  );
}
