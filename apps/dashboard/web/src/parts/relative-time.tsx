import { tellExact, tellRelative } from '../words/time-words.js';
import { useNow } from './use-now.js';

/** An instant as its distance from now; the exact one shows on hover. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={tellExact(at)}>
      {tellRelative(at, now)}
    </time>
  );
}
