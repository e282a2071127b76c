import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CopyId } from '../parts/copy-text.js';
import { Facts } from '../parts/facts.js';
import { Heading } from '../parts/heading.js';
import { Notice } from '../parts/notice.js';
import { Empty, Loaded } from '../parts/query-state.js';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import { useNow } from '../parts/use-now.js';
import { PausedNotice } from '../pauses/paused-notice.js';
import { read } from '../request.js';
import { Link } from '../routing/link.js';
import type { ShownRun } from '../server.js';
import { planMeaning } from '../words/plan-words.js';
import { runTitle } from '../words/run-title.js';
import { tellMode } from '../words/rotation-words.js';
import { stateWord } from '../words/state-words.js';
import { tellDuration } from '../words/time-words.js';
import { GraceNotice } from './grace-notice.js';
import { RunActions } from './run-actions.js';
import { RunErrorBox } from './run-error-box.js';
import { SupersededNotice } from './superseded-notice.js';
import { StepTimeline } from './step-timeline.js';

/** How often a run is read again: one that is worked on changes by the second. */
const refreshMs = (state: string | undefined): number => (state === 'running' || state === 'queued' ? 1_000 : 5_000);

/** One run: what stopped it, what it did, and what can be done. */
export function RunView({ id }: { id: string }) {
  const run = useQuery({
    queryKey: ['run', id],
    queryFn: ({ signal }) => read<ShownRun>(`/api/runs/${encodeURIComponent(id)}`, signal),
    refetchInterval: ({ state }) => refreshMs(state.data?.state),
  });
  return (
    <Stack gap="md">
      <Link to="/runs" size="sm">
        All runs
      </Link>
      {run.data === undefined && <Heading title="Run" />}
      <Loaded query={run} what="The run">
        {(data) => <RunDetails run={data} />}
      </Loaded>
    </Stack>
  );
}

function RunDetails({ run }: { run: ShownRun }) {
  const whose = run.customer === null ? '' : ` of ${run.customer.externalId}`;
  const about = `Run ${run.id} (${run.plan})${whose}, tenant ${run.tenantHost}`;
  return (
    <Stack gap="lg">
      <div>
        <Heading title={runTitle(run)}>
          <StateBadge state={run.state} size="lg" />
        </Heading>
        <Text size="sm" c="dimmed" mt={4}>
          {planMeaning(run.plan)}
        </Text>
      </div>
      {run.pausedBy !== null && <PausedNotice run={run} pause={run.pausedBy} />}
      {run.isSuperseded ? (
        <SupersededNotice run={run} />
      ) : run.error !== null ? (
        <RunErrorBox
          error={run.error}
          color={stateWord(run.state).color}
          about={about}
          next={<WaitsUntil run={run} />}
        />
      ) : (
        run.state === 'waiting' &&
        run.pausedBy === null && (
          <Notice name="The run waits" color="yellow">
            <WaitsUntil run={run} />
          </Notice>
        )
      )}
      <GraceNotice run={run} />
      <RunActions run={run} />
      <Paper withBorder p="md">
        <RunFacts run={run} />
      </Paper>
      <Stack gap="sm">
        <Title order={2} size="h4">
          Steps
        </Title>
        {run.steps.length > 0 ? (
          <StepTimeline steps={run.steps} />
        ) : (
          <Empty title="No worker has begun this run">
            {run.pausedBy === null
              ? 'A worker picks it up within seconds. If it stays like this, check that a worker runs and reaches PostgreSQL.'
              : 'A worker picks it up once the pause is lifted.'}
          </Empty>
        )}
      </Stack>
    </Stack>
  );
}

function WaitsUntil({ run }: { run: ShownRun }) {
  if (run.state !== 'waiting' || run.waitingUntil === null || run.pausedBy !== null) return null;
  return (
    <Text size="sm">
      The run waits and goes on by itself <RelativeTime at={run.waitingUntil} />.
    </Text>
  );
}

function RunFacts({ run }: { run: ShownRun }) {
  return (
    <Facts
      rows={[
        [
          'Customer',
          run.customer === null ? (
            'none yet: a dry run'
          ) : (
            <Group gap="xs" key="customer">
              <Link to={`/customers/${run.customer.id}`} size="sm">
                {run.customer.name}
              </Link>
              <StateBadge state={run.customer.state} size="sm" />
            </Group>
          ),
        ],
        ['Tenant', run.tenantHost],
        ['Mode', run.mode === null ? null : tellMode(run.mode)],
        ['Asked for by', run.actor],
        ['Reason', run.reason],
        ['Created', <RelativeTime key="created" at={run.createdAt} />],
        ['Duration', <Duration key="duration" run={run} />],
        ['Gives up', run.finishedAt === null ? <RelativeTime key="deadline" at={run.deadlineAt} /> : null],
        ['Run id', <CopyId key="id" id={run.id} />],
        ['Request id', <CopyId key="request" id={run.requestId} />],
      ]}
    />
  );
}

function Duration({ run }: { run: ShownRun }) {
  const now = useNow();
  if (run.startedAt === null)
    return (
      <Text span inherit>
        not begun
      </Text>
    );
  const endMs = run.finishedAt === null ? now : Date.parse(run.finishedAt);
  return <>{tellDuration(endMs - Date.parse(run.startedAt))}</>;
}
