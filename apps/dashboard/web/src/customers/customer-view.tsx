import { Paper, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { CopyId } from '../parts/copy-text.js';
import { Facts } from '../parts/facts.js';
import { Heading } from '../parts/heading.js';
import { Empty, Loaded, ShowMore } from '../parts/query-state.js';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import { read } from '../request.js';
import { Link } from '../routing/link.js';
import { addressOf } from '../routing/route.js';
import { RunList } from '../runs/run-list.js';
import { SecretSection } from '../secrets/secret-section.js';
import type { ShownCustomerDetails, ShownRunRow } from '../server.js';
import { AuditEvents } from './audit-events.js';
import { OffboardCustomer } from './offboard-customer.js';
import { OffboardingNotice } from './offboarding-notice.js';

const REFRESH_MS = 5_000;

/** One customer: what was asked for, what was made, its secret, its runs, and what happened. */
export function CustomerView({ id }: { id: string }) {
  const customer = useQuery({
    queryKey: ['customer', id],
    queryFn: ({ signal }) => read<ShownCustomerDetails>(`/api/customers/${encodeURIComponent(id)}`, signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Stack gap="md">
      <Link to="/customers" size="sm">
        All customers
      </Link>
      {customer.data === undefined && <Heading title="Customer" />}
      <Loaded query={customer} what="The customer">
        {(data) => (
          <Stack gap="lg">
            <Heading title={data.name}>
              <StateBadge state={data.state} size="lg" />
              {data.canOffboard && <OffboardCustomer customer={data} />}
            </Heading>
            <OffboardingNotice customer={data} />
            <CustomerFacts customer={data} />
            <Section title="Secret">
              <SecretSection customerId={data.id} />
            </Section>
            <Section title="Runs">
              <CustomerRuns customerId={data.id} />
            </Section>
            <Section title="Audit events">
              <AuditEvents customerId={data.id} />
            </Section>
          </Stack>
        )}
      </Loaded>
    </Stack>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="sm" component="section" aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function CustomerFacts({ customer }: { customer: ShownCustomerDetails }) {
  const { oauthClient } = customer;
  const lines = (values: readonly string[]): ReactNode =>
    values.length === 0 ? 'none' : values.map((value) => <div key={value}>{value}</div>);
  return (
    <Stack gap="sm">
      <Paper withBorder p="md">
        <Facts
          rows={[
            ['External id', customer.externalId],
            [
              'Tenant',
              <Tenant key="tenant" host={customer.tenantHost} canBePaused={customer.state !== 'offboarded'} />,
            ],
            ['Accepted', <RelativeTime key="accepted" at={customer.createdAt} />],
            ['First ready', customer.readyAt === null ? 'not yet' : <RelativeTime key="ready" at={customer.readyAt} />],
            ['Scopes', customer.scopes.join(' ')],
            ['Redirect URIs', lines(customer.redirectUris)],
            ['Allowed origins', lines(customer.allowedOrigins)],
            [
              'Metadata',
              Object.keys(customer.metadata).length === 0
                ? null
                : lines(Object.entries(customer.metadata).map(([name, value]) => `${name}: ${value}`)),
            ],
            ['Customer id', <CopyId key="id" id={customer.id} />],
          ]}
        />
      </Paper>
      <Paper withBorder p="md">
        <Text fw={600} size="sm" mb="xs">
          Impersonation client
        </Text>
        {oauthClient === null ? (
          <Text size="sm" c="dimmed">
            {customer.state === 'offboarded'
              ? 'Deleted in the tenant.'
              : 'Not created yet. The onboarding run creates it in the tenant.'}
          </Text>
        ) : (
          <Facts
            rows={[
              ['Client id', <CopyId key="client" id={oauthClient.clientId} />],
              ['Name at Qlik', oauthClient.clientName],
              ['Consent method', oauthClient.consentMethod ?? 'not set yet'],
              ['Created', <RelativeTime key="created" at={oauthClient.createdAt} />],
            ]}
          />
        )}
      </Paper>
    </Stack>
  );
}

function Tenant({ host, canBePaused }: { host: string; canBePaused: boolean }) {
  return (
    <>
      {host}{' '}
      {canBePaused && (
        <Link to={addressOf('/pauses', { tenantHost: host })} size="sm">
          Pause it
        </Link>
      )}
    </>
  );
}

function CustomerRuns({ customerId }: { customerId: string }) {
  const pages = useInfiniteQuery({
    queryKey: ['runs', { customerId }],
    queryFn: ({ pageParam, signal }) =>
      read<{ runs: ShownRunRow[]; nextCursor?: string }>(
        addressOf('/api/runs', { customerId, cursor: pageParam, limit: '10' }),
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFRESH_MS,
  });
  return (
    <Loaded query={{ ...pages, data: pages.data?.pages.flatMap((page) => page.runs) }} what="The runs">
      {(runs) =>
        runs.length === 0 ? (
          <Empty title="No run yet" />
        ) : (
          <>
            <RunList runs={runs} withCustomer={false} />
            <ShowMore query={pages} />
          </>
        )
      }
    </Loaded>
  );
}
