import { Anchor, type AnchorProps } from '@mantine/core';
import type { MouseEvent, ReactNode } from 'react';
import { navigate } from './location.js';

/** A link within the page: a plain click goes there without loading, anything else is the browser's. */
export function Link({
  to,
  children,
  current,
  ...rest
}: AnchorProps & { to: string; children: ReactNode; current?: boolean }) {
  return (
    <Anchor
      href={to}
      onClick={(event) => follow(event, to)}
      aria-current={current === true ? 'page' : undefined}
      {...rest}
    >
      {children}
    </Anchor>
  );
}

/** Follows a plain click within the page. */
export function follow(event: MouseEvent, to: string): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(to);
}
