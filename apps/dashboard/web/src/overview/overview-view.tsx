import { Code, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Facts } from '../parts/facts.js';
import { Heading } from '../parts/heading.js';
import { Notice } from '../parts/notice.js';
import { Empty, Loaded } from '../parts/query-state.js';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import { useNow } from '../parts/use-now.js';
import { read } from '../request.js';
import { Link } from '../routing/link.js';
import type { Overview, ShownRunRow } from '../server.js';
import { runTitle } from '../words/run-title.js';
import { CUSTOMER_STATES, RUN_STATES } from '../words/state-words.js';
import { inWords } from '../words/step-words.js';
import { tellAge, tellExact } from '../words/time-words.js';
import { CountCard } from './count-card.js';

const REFRESH_MS = 3_000;

/** How long a run may be queued before somebody should look for the worker. */
const QUEUED_TOO_LONG_MS = 60_000;

/** What is going on: first what stands still, then everything in numbers. */
export function OverviewView() {
  const overview = useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => read<Overview>('/api/overview', signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Stack gap="lg">
      <Heading title="Overview" />
      <Loaded query={overview} what="The overview">
        {(data) => (
          <Stack gap="xl">
            {data.pauses > 0 && <Paused count={data.pauses} />}
            {data.queuedSince !== null && <QueuedTooLong since={data.queuedSince} />}
            {data.overdueRotations.since !== null && <RotationsOverdue overdue={data.overdueRotations} />}
            <NeedsAttention overview={data} />
            <Counts title="Runs" path="/runs" states={RUN_STATES} counts={data.runs} />
            <Counts title="Customers" path="/customers" states={CUSTOMER_STATES} counts={data.customers} />
            <Secrets overview={data} />
          </Stack>
        )}
      </Loaded>
    </Stack>
  );
}

function Paused({ count }: { count: number }) {
  return (
    <Notice name="Pauses" color="yellow">
      <Text size="sm">
        <strong>{count === 1 ? '1 pause is in force.' : `${count} pauses are in force.`}</strong> What is paused is not
        worked on.{' '}
        <Link to="/pauses" size="sm">
          See what is paused, and why
        </Link>
      </Text>
    </Notice>
  );
}

function QueuedTooLong({ since }: { since: string }) {
  const now = useNow();
  if (now - Date.parse(since) < QUEUED_TOO_LONG_MS) return null;
  return (
    <Notice name="No worker picks up runs" color="orange">
      <Text fw={600}>No worker picks up runs</Text>
      <Text size="sm">
        A run was queued <RelativeTime at={since} /> and nothing has begun it. Check that a worker runs and that it
        reaches PostgreSQL.
      </Text>
    </Notice>
  );
}

function RotationsOverdue({ overdue: { count, since } }: { overdue: Overview['overdueRotations'] }) {
  return (
    <Notice name="Rotations are overdue" color="orange">
      <Text fw={600}>
        {count === 1 ? '1 rotation is overdue' : `${count} rotations are overdue`} by more than an hour
      </Text>
      <Text size="sm">
        {count === 1 ? 'It was' : 'The first was'} due {since !== null && <RelativeTime at={since} />}, and nothing has
        begun it. Check that a worker runs: its sweep begins the rotations that are due.
      </Text>
    </Notice>
  );
}

function NeedsAttention({ overview }: { overview: Overview }) {
  const { stopped, runs } = overview;
  const more = runs.needs_attention + runs.failed > stopped.length;
  return (
    <Stack gap="sm" component="section" aria-labelledby="needs-attention">
      <Title order={2} size="h4" id="needs-attention">
        Needs attention
      </Title>
      {stopped.length === 0 ? (
        <Paper withBorder>
          <Empty title="Nothing waits for you">
            Every run goes on by itself or has ended well. What needs a person shows up here, with what to do.
          </Empty>
        </Paper>
      ) : (
        stopped.map((run) => <StoppedRun key={run.id} run={run} />)
      )}
      {more && stopped.length > 0 && (
        <Group gap="md">
          <Link to="/runs?state=needs_attention" size="sm">
            All that need attention ({runs.needs_attention})
          </Link>
          <Link to="/runs?state=failed" size="sm">
            All that failed ({runs.failed})
          </Link>
        </Group>
      )}
    </Stack>
  );
}

function StoppedRun({ run }: { run: ShownRunRow }) {
  return (
    <Paper withBorder p="md" component="article">
      <Group justify="space-between" gap="xs" mb={6}>
        <Link to={`/runs/${run.id}`} fw={600}>
          {runTitle(run)}
        </Link>
        <StateBadge state={run.state} />
      </Group>
      <Text size="sm">
        {run.error !== null && <Code>{run.error.code}</Code>} {run.error?.message}
      </Text>
      {run.error?.hint !== undefined && (
        <Text size="sm" mt={4}>
          <strong>What to do: </strong>
          {run.error.hint}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={6} style={{ overflowWrap: 'anywhere' }}>
        {run.tenantHost}
        {run.step !== null && <>, at “{inWords(run.step)}”</>}, stopped{' '}
        <RelativeTime at={run.finishedAt ?? run.createdAt} />
      </Text>
    </Paper>
  );
}

function Counts<State extends string>({
  title,
  path,
  states,
  counts,
}: {
  title: string;
  path: string;
  states: readonly State[];
  counts: Record<State, number>;
}) {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {title}
      </Title>
      <SimpleGrid cols={{ base: 2, xs: 3, md: states.length }} spacing="sm">
        {states.map((state) => (
          <CountCard key={state} state={state} count={counts[state]} to={`${path}?state=${state}`} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function Secrets({ overview: { oldestSecret, overdueRotations } }: { overview: Overview }) {
  const now = useNow();
  return (
    <Stack gap="sm" component="section" aria-labelledby="secrets">
      <Title order={2} size="h4" id="secrets">
        Secrets
      </Title>
      <Paper withBorder p="md">
        <Facts
          rows={[
            [
              'Oldest in use',
              oldestSecret === null ? (
                'none yet'
              ) : (
                <span key="oldest">
                  <time dateTime={oldestSecret.since} title={tellExact(oldestSecret.since)}>
                    {tellAge(now - Date.parse(oldestSecret.since))}
                  </time>
                  , of{' '}
                  <Link to={`/customers/${oldestSecret.customer.id}`} size="sm">
                    {oldestSecret.customer.name}
                  </Link>
                </span>
              ),
            ],
            [
              'Overdue rotations',
              overdueRotations.count === 0 ? 'none' : `${overdueRotations.count}, by more than an hour`,
            ],
          ]}
        />
      </Paper>
    </Stack>
  );
}
