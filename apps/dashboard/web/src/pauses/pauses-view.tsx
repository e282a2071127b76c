import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Heading } from '../parts/heading.js';
import { Empty, Loaded, ShowMore } from '../parts/query-state.js';
import { RelativeTime } from '../parts/relative-time.js';
import { read } from '../request.js';
import { Link } from '../routing/link.js';
import { navigate } from '../routing/location.js';
import { addressOf } from '../routing/route.js';
import type { Pauses, ShownPauseDetails } from '../server.js';
import { inWords } from '../words/step-words.js';
import { LiftPause } from './lift-pause.js';
import { SetPause } from './set-pause.js';

const REFRESH_MS = 5_000;

/** The pauses in force; a tenant in the address is offered to be paused. */
export function PausesView({ query }: { query: URLSearchParams }) {
  const tenantHost = query.get('tenantHost') ?? '';
  const [isAsking, setAsking] = useState(tenantHost !== '');
  const pages = useInfiniteQuery({
    queryKey: ['pauses'],
    queryFn: ({ pageParam, signal }) => read<Pauses>(addressOf('/api/pauses', { cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFRESH_MS,
  });
  const pauses = pages.data?.pages.flatMap((page) => page.pauses);
  const close = () => {
    setAsking(false);
    if (tenantHost !== '') navigate('/pauses', { replace: true });
  };
  return (
    <Stack gap="md">
      <Heading title="Pauses">
        <Button size="sm" onClick={() => setAsking(true)}>
          Set a pause
        </Button>
      </Heading>
      <Text size="sm" c="dimmed">
        No run of a paused tenant or plan is taken up until the pause is lifted. A run under way stops at its next step.
      </Text>
      <Loaded query={{ ...pages, data: pauses }} what="The pauses">
        {(rows) =>
          rows.length === 0 ? (
            <Paper withBorder px="md">
              <Empty title="Nothing is paused">
                Pause a tenant while it is being worked on, or a plan when something is wrong with all of its runs.
              </Empty>
            </Paper>
          ) : (
            <>
              {rows.map((pause) => (
                <PauseCard key={pause.id} pause={pause} />
              ))}
              <ShowMore query={pages} />
            </>
          )
        }
      </Loaded>
      {isAsking && <SetPause tenantHost={tenantHost} plans={pages.data?.pages[0]?.plans ?? []} onClose={close} />}
    </Stack>
  );
}

function PauseCard({ pause }: { pause: ShownPauseDetails }) {
  const [isAsking, setAsking] = useState(false);
  const { customer, heldRuns } = pause;
  return (
    <Paper withBorder p="md" component="article" aria-label={nameOf(pause)}>
      <Group justify="space-between" gap="sm" align="flex-start" wrap="nowrap">
        <Stack gap={4} style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
          <Text fw={600}>{nameOf(pause)}</Text>
          <Text size="sm">{pause.reason}</Text>
          <Text size="xs" c="dimmed">
            Paused <RelativeTime at={pause.since} /> by {pause.actor}
            {customer !== null && (
              <>
                , tenant of{' '}
                <Link to={`/customers/${customer.id}`} size="xs">
                  {customer.name}
                </Link>
              </>
            )}
            . {tellHeld(heldRuns)}
          </Text>
        </Stack>
        <Button size="xs" variant="default" style={{ flexShrink: 0 }} onClick={() => setAsking(true)}>
          Lift
        </Button>
      </Group>
      {isAsking && <LiftPause pause={pause} name={nameOf(pause)} onClose={() => setAsking(false)} />}
    </Paper>
  );
}

const nameOf = ({ plan, tenantHost }: ShownPauseDetails): string =>
  plan !== null ? `Every run of “${inWords(plan)}”` : `Tenant ${tenantHost}`;

const tellHeld = (runs: number): string =>
  runs === 0 ? 'It holds no run now.' : `It holds ${runs === 1 ? '1 run' : `${runs} runs`}.`;
