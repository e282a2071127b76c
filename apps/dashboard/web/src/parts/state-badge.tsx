import { Badge } from '@mantine/core';
import { stateWord } from '../words/state-words.js';

/** A state as a word; its colour only repeats what the word says. */
export function StateBadge({ state, size = 'md' }: { state: string; size?: 'sm' | 'md' | 'lg' }) {
  const { label, color } = stateWord(state);
  return (
    <Badge variant="dot" color={color} size={size} tt="none" fw={500} style={{ flexShrink: 0 }}>
      {label}
    </Badge>
  );
}
