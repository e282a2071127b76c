import { Button, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Heading } from '../parts/heading.js';
import { Empty, Loaded, ShowMore } from '../parts/query-state.js';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import { read } from '../request.js';
import { Link } from '../routing/link.js';
import { navigate } from '../routing/location.js';
import { addressOf } from '../routing/route.js';
import classes from '../runs/run-list.module.css';
import type { ShownCustomer } from '../server.js';
import { CUSTOMER_STATES, stateWord } from '../words/state-words.js';

interface Page {
  customers: ShownCustomer[];
  nextCursor?: string;
}

const REFRESH_MS = 10_000;

/** All customers, newest first. */
export function CustomersView({ query }: { query: URLSearchParams }) {
  const q = query.get('q') ?? '';
  const state = query.get('state') ?? '';
  const pages = useInfiniteQuery({
    queryKey: ['customers', { q, state }],
    queryFn: ({ pageParam, signal }) =>
      read<Page>(addressOf('/api/customers', { q, state, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFRESH_MS,
  });
  const customers = pages.data?.pages.flatMap((page) => page.customers);
  const show = (filters: { q?: string; state?: string }) => navigate(addressOf('/customers', { q, state, ...filters }));
  return (
    <Stack gap="md">
      <Heading title="Customers" />
      <Group gap="sm" align="flex-end">
        <Search key={q} q={q} onSearch={(text) => show({ q: text })} />
        <Select
          label="State"
          placeholder="Any state"
          clearable
          clearButtonProps={{ 'aria-label': 'Any state' }}
          data={CUSTOMER_STATES.map((value) => ({ value, label: stateWord(value).label }))}
          value={state === '' ? null : state}
          onChange={(value) => show({ state: value ?? '' })}
        />
      </Group>
      <Loaded query={{ ...pages, data: customers }} what="The customers">
        {(rows) =>
          rows.length > 0 ? (
            <>
              <CustomerTable customers={rows} />
              <ShowMore query={pages} />
            </>
          ) : q === '' && state === '' ? (
            <Empty title="No customer yet">
              Customers arrive through the API: send POST /v1/customers with an API key that holds customers:write.
            </Empty>
          ) : (
            <Empty title="No customer matches">
              Search for a part of the name or of the external id, or take the filters away.
            </Empty>
          )
        }
      </Loaded>
    </Stack>
  );
}

function Search({ q, onSearch }: { q: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(q);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label="Name or external id"
          placeholder="Any part of it"
          type="search"
          value={text}
          maxLength={200}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          Search
        </Button>
      </Group>
    </form>
  );
}

function CustomerTable({ customers }: { customers: readonly ShownCustomer[] }) {
  return (
    <Table className={classes.list} verticalSpacing="xs" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Customer</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Tenant</Table.Th>
          <Table.Th>Accepted</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {customers.map((customer) => (
          <Table.Tr key={customer.id}>
            <Table.Td>
              <Link to={`/customers/${customer.id}`} size="sm" fw={500}>
                {customer.name}
              </Link>
              <Text size="xs" c="dimmed">
                {customer.externalId}
              </Text>
            </Table.Td>
            <Table.Td>
              <StateBadge state={customer.state} />
            </Table.Td>
            <Table.Td>
              <Text fz={{ base: 'xs', sm: 'sm' }} style={{ overflowWrap: 'anywhere' }}>
                {customer.tenantHost}
              </Text>
            </Table.Td>
            <Table.Td>
              <RelativeTime at={customer.createdAt} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
