import { Button, Collapse, Group, Text, Timeline } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useId } from 'react';
import { Facts } from '../parts/facts.js';
import { RelativeTime } from '../parts/relative-time.js';
import { StateBadge } from '../parts/state-badge.js';
import { useNow } from '../parts/use-now.js';
import type { ShownRun } from '../server.js';
import { stateWord } from '../words/state-words.js';
import { inWords, stepMeaning } from '../words/step-words.js';
import { tellDuration } from '../words/time-words.js';
import { AttemptList } from './attempt-list.js';

type Step = ShownRun['steps'][number];

const signs: Partial<Record<Step['state'], string>> = {
  succeeded: '✓',
  skipped: '–',
  undone: '–',
  failed: '✕',
  needs_attention: '!',
  waiting: '…',
  running: '▸',
};

/** The steps of a run, in order: what each does, how it stands, and what was tried. */
export function StepTimeline({ steps }: { steps: readonly Step[] }) {
  return (
    <Timeline active={steps.length} bulletSize={22} lineWidth={2}>
      {steps.map((step) => (
        <Timeline.Item
          key={step.name}
          color={stateWord(step.state).color}
          bullet={<span aria-hidden="true">{signs[step.state]}</span>}
          lineVariant={step.state === 'pending' ? 'dashed' : 'solid'}
          title={
            <Group gap="xs" component="span">
              <span>{inWords(step.name)}</span>
              <StateBadge state={step.state} size="sm" />
            </Group>
          }
        >
          <StepBody step={step} />
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

const TELLING_STATES: readonly string[] = ['failed', 'needs_attention', 'waiting'];

function StepBody({ step }: { step: Step }) {
  const panel = useId();
  const [opened, { toggle }] = useDisclosure(TELLING_STATES.includes(step.state));
  const count = step.attempts.length;
  const hasDetails = count > 0 || step.output !== null;
  return (
    <>
      <Text size="xs" c="dimmed">
        {stepMeaning(step.name)} <StepTime step={step} />
      </Text>
      {hasDetails && (
        <>
          <Button
            variant="subtle"
            size="compact-xs"
            ml={-8}
            mt={2}
            onClick={toggle}
            aria-expanded={opened}
            aria-controls={panel}
          >
            {opened ? 'Hide' : 'Show'} {count === 1 ? '1 attempt' : `${count} attempts`}
          </Button>
          <Collapse expanded={opened} id={panel}>
            {step.output !== null && (
              <Facts rows={Object.entries(step.output).map(([name, value]) => [name, textOf(value)] as const)} />
            )}
            <AttemptList attempts={step.attempts} />
          </Collapse>
        </>
      )}
    </>
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function StepTime({ step }: { step: Step }) {
  const now = useNow();
  if (step.startedAt === null) return null;
  if (step.state === 'waiting' && step.waitingUntil !== null) {
    return (
      <>
        Goes on <RelativeTime at={step.waitingUntil} />.
      </>
    );
  }
  const endMs = step.finishedAt === null ? now : Date.parse(step.finishedAt);
  const duration = tellDuration(endMs - Date.parse(step.startedAt));
  return step.finishedAt === null ? <>Running for {duration}.</> : <>Took {duration}.</>;
}
