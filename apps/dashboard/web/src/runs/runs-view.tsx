import { Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Heading } from '../parts/heading.js';
import { Empty, Loaded, ShowMore } from '../parts/query-state.js';
import { read } from '../request.js';
import { navigate } from '../routing/location.js';
import { addressOf } from '../routing/route.js';
import type { ShownRunRow } from '../server.js';
import { PLANS } from '../words/plan-words.js';
import { RUN_STATES, stateWord } from '../words/state-words.js';
import { inWords } from '../words/step-words.js';
import { RunList } from './run-list.js';

interface Page {
  runs: ShownRunRow[];
  nextCursor?: string;
}

const REFRESH_MS = 5_000;

/** All runs, newest first. */
export function RunsView({ query }: { query: URLSearchParams }) {
  const plan = query.get('plan') ?? '';
  const state = query.get('state') ?? '';
  const code = query.get('code') ?? '';
  const pages = useInfiniteQuery({
    queryKey: ['runs', { plan, state, code }],
    queryFn: ({ pageParam, signal }) =>
      read<Page>(addressOf('/api/runs', { plan, state, code, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFRESH_MS,
  });
  const runs = pages.data?.pages.flatMap((page) => page.runs);
  const show = (filters: { plan?: string; state?: string; code?: string }) =>
    navigate(addressOf('/runs', { plan, state, code, ...filters }));
  return (
    <Stack gap="md">
      <Heading title="Runs" />
      <Group gap="sm" align="flex-end">
        <Select
          label="Plan"
          placeholder="Any plan"
          clearable
          clearButtonProps={{ 'aria-label': 'Any plan' }}
          data={PLANS.map((value) => ({ value, label: inWords(value) }))}
          value={plan === '' ? null : plan}
          onChange={(value) => show({ plan: value ?? '' })}
        />
        <Select
          label="State"
          placeholder="Any state"
          clearable
          clearButtonProps={{ 'aria-label': 'Any state' }}
          data={RUN_STATES.map((value) => ({ value, label: stateWord(value).label }))}
          value={state === '' ? null : state}
          onChange={(value) => show({ state: value ?? '' })}
        />
        <CodeFilter key={code} code={code} onChange={(value) => show({ code: value })} />
      </Group>
      <Loaded query={{ ...pages, data: runs }} what="The runs">
        {(rows) =>
          rows.length > 0 ? (
            <>
              <RunList runs={rows} />
              <ShowMore query={pages} />
            </>
          ) : plan === '' && state === '' && code === '' ? (
            <Empty title="No run yet">
              A run begins when the API accepts a customer: send POST /v1/customers, and it shows up here.
            </Empty>
          ) : (
            <Empty title="No run matches">Choose other filters, or take them away to see all runs.</Empty>
          )
        }
      </Loaded>
    </Stack>
  );
}

function CodeFilter({ code, onChange }: { code: string; onChange: (code: string) => void }) {
  const [text, setText] = useState(code);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim());
      }}
    >
      <TextInput
        label="Error code"
        w={270}
        placeholder="Any, e.g. PARENT_REFUSED"
        value={text}
        maxLength={100}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => text.trim() !== code && onChange(text.trim())}
        rightSection={
          text === '' ? null : (
            <Text size="xs" c="dimmed">
              ↵
            </Text>
          )
        }
      />
    </form>
  );
}
