import { Paper, Text } from '@mantine/core';
import { follow } from '../routing/link.js';
import { stateWord } from '../words/state-words.js';
import classes from './count-card.module.css';

/** How many are in a state; leads to the list of them. */
export function CountCard({ state, count, to }: { state: string; count: number; to: string }) {
  const { label, color } = stateWord(state);
  return (
    <Paper
      component="a"
      href={to}
      onClick={(event) => follow(event, to)}
      withBorder
      className={classes.card}
      style={{
        '--count-color': count === 0 ? 'var(--mantine-color-default-border)' : `var(--mantine-color-${color}-filled)`,
      }}
    >
      <Text fz="h2" fw={700} lh={1.2} c={count === 0 ? 'dimmed' : undefined}>
        {count}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </Paper>
  );
}
