import { Group, Paper, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Facts } from '../parts/facts.js';
import { Empty, Loaded } from '../parts/query-state.js';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import { useNow } from '../parts/use-now.js';
import { read } from '../request.js';
import { Link } from '../routing/link.js';
import type { ShownSecret } from '../server.js';
import { modeLabel, tellBlackout, tellPolicy } from '../words/rotation-words.js';
import { inWords } from '../words/step-words.js';
import { tellAge, tellExact } from '../words/time-words.js';
import { SecretActions } from './secret-actions.js';
import { SecretVersions } from './secret-versions.js';

const REFRESH_MS = 5_000;

/** How long a rotation may be due before somebody should look why it does not begin. */
const OVERDUE_MS = 3_600_000;

/** The secret of a customer: how old it is, when it rotates, what may be asked, and its versions. */
export function SecretSection({ customerId }: { customerId: string }) {
  const secret = useQuery({
    queryKey: ['secret', customerId],
    queryFn: ({ signal }) => read<ShownSecret>(`/api/customers/${encodeURIComponent(customerId)}/secret`, signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Loaded query={secret} what="The secret">
      {(data) => (
        <Paper withBorder p="md">
          {data.versions.length === 0 ? (
            <Empty title="No secret yet">The onboarding run makes the first one, with the impersonation client.</Empty>
          ) : (
            <Stack gap="md">
              <SecretFacts secret={data} />
              <SecretActions customerId={customerId} secret={data} />
              <SecretVersions versions={data.versions} />
            </Stack>
          )}
        </Paper>
      )}
    </Loaded>
  );
}

function SecretFacts({ secret }: { secret: ShownSecret }) {
  const { policy, policyProblem, rotation, versions } = secret;
  const current = versions.find(({ state }) => state === 'current');
  return (
    <Facts
      rows={[
        [
          'Current version',
          current === undefined ? (
            'none'
          ) : (
            <CurrentVersion key="current" version={current.version} since={current.promotedAt} />
          ),
        ],
        ['Rotates next', <NextRotation key="next" secret={secret} />],
        [
          'Policy',
          policy === null ? (
            <Text key="policy" inherit c="red">
              {policyProblem}
            </Text>
          ) : (
            tellPolicy(policy)
          ),
        ],
        ['Never begins', policy === null ? null : tellBlackout(policy)],
        ['Rotation', rotation === null ? null : <Rotation key="rotation" rotation={rotation} />],
      ]}
    />
  );
}

function CurrentVersion({ version, since }: { version: number; since: string | null }) {
  const now = useNow();
  if (since === null) return <>{version}</>;
  return (
    <>
      {version}, in use for{' '}
      <time dateTime={since} title={tellExact(since)}>
        {tellAge(now - Date.parse(since))}
      </time>
    </>
  );
}

function NextRotation({ secret: { nextRotationAt, rotation, canRotateInEmergency } }: { secret: ShownSecret }) {
  const now = useNow();
  if (!canRotateInEmergency) return <>not while the customer is not ready</>;
  if (nextRotationAt === null)
    return <>{rotation === null ? 'no date is set' : 'when the rotation below has come to its new secret'}</>;
  const overdueMs = now - Date.parse(nextRotationAt);
  if (overdueMs > 0) {
    return (
      <Text inherit span fw={overdueMs > OVERDUE_MS ? 600 : undefined}>
        was due <RelativeTime at={nextRotationAt} /> ({tellExact(nextRotationAt)})
      </Text>
    );
  }
  return (
    <>
      <RelativeTime at={nextRotationAt} /> ({tellExact(nextRotationAt)})
    </>
  );
}

function Rotation({ rotation: { runId, mode, state, step } }: { rotation: NonNullable<ShownSecret['rotation']> }) {
  return (
    <Group gap="xs">
      <Link to={`/runs/${runId}`} size="sm">
        {mode === null ? 'Rotation' : modeLabel(mode)}
      </Link>
      <StateBadge state={state} size="sm" />
      {step !== null && <span>at “{inWords(step)}”</span>}
    </Group>
  );
}
