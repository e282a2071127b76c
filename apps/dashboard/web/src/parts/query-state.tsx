import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { RequestFailed } from '../request.js';

/** Says what failed and offers to try again. */
export function Failure({ what, error, retry }: { what: string; error: unknown; retry: () => void }) {
  const requestId = error instanceof RequestFailed ? error.requestId : undefined;
  return (
    <Alert color="red" title={`${what} could not be read`} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
        {requestId !== undefined && (
          <Text size="xs" c="dimmed">
            Request {requestId}
          </Text>
        )}
        <Button size="xs" variant="default" onClick={retry}>
          Try again
        </Button>
      </Stack>
    </Alert>
  );
}

/** What a query gives, once it is there; before that a placeholder, and what failed above what was read earlier. */
export function Loaded<Data>({
  query,
  what,
  children,
}: {
  query: { data: Data | undefined; error: unknown; refetch: () => unknown };
  what: string;
  children: (data: Data) => ReactNode;
}) {
  const { data, error } = query;
  return (
    <Stack gap="md">
      {error !== null && <Failure what={what} error={error} retry={() => void query.refetch()} />}
      {data !== undefined ? children(data) : error === null && <Placeholder what={what} />}
    </Stack>
  );
}

function Placeholder({ what }: { what: string }) {
  return (
    <Stack gap="sm" role="status" aria-label={`${what}: reading`}>
      <Skeleton height={20} width="40%" />
      <Skeleton height={44} />
      <Skeleton height={44} />
    </Stack>
  );
}

/** What to do when there is nothing to show. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack gap={4} py="lg" align="center" ta="center">
      <Text fw={600}>{title}</Text>
      <Text size="sm" c="dimmed" maw={520}>
        {children}
      </Text>
    </Stack>
  );
}

/** Asks for the next page of a list. */
export function ShowMore({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}) {
  if (!query.hasNextPage) return null;
  return (
    <Group justify="center">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        Show more
      </Button>
    </Group>
  );
}
