import { Paper, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './notice.module.css';

/** Something that an operator should see before the rest; `name` tells a screen reader what it is. */
export function Notice({ name, color, children }: { name: string; color: string; children: ReactNode }) {
  return (
    <Paper
      withBorder
      p="md"
      component="section"
      aria-label={name}
      className={classes.notice}
      style={{ '--notice-color': `var(--mantine-color-${color}-filled)` }}
    >
      <Stack gap="xs">{children}</Stack>
    </Paper>
  );
}
