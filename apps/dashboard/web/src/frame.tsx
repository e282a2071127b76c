import { ActionIcon, Container, Group, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import classes from './frame.module.css';
import { follow } from './routing/link.js';
import type { Route } from './routing/route.js';
import type { ShownSession } from './server.js';
import { SessionMenu } from './session/session-menu.js';

const places = [
  { to: '/', label: 'Overview', views: ['overview'] },
  { to: '/runs', label: 'Runs', views: ['runs', 'run'] },
  { to: '/customers', label: 'Customers', views: ['customers', 'customer'] },
  { to: '/pauses', label: 'Pauses', views: ['pauses'] },
];

/** What surrounds every view: the way to the others, the colours, who is signed in. */
export function Frame({
  route,
  session,
  address,
  children,
}: {
  route: Route;
  session: ShownSession;
  address: string;
  children: ReactNode;
}) {
  const main = useRef<HTMLElement>(null);
  const path = address.split('?')[0];
  const first = useRef(path);
  useEffect(() => {
    // Who follows a link with the keyboard goes on from the top of the new view.
    if (first.current === path) return;
    first.current = path;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <>
      <a href="#main" className={classes.skip}>
        Skip to the content
      </a>
      <header className={classes.header}>
        <Container size="lg" className={classes.bar}>
          <Text fw={700} className={classes.brand}>
            Tenant provisioner
          </Text>
          <nav aria-label="Views" className={classes.places}>
            {places.map(({ to, label, views }) => (
              <a
                key={to}
                href={to}
                onClick={(event) => follow(event, to)}
                className={classes.place}
                aria-current={views.includes(route.view) ? 'page' : undefined}
              >
                {label}
              </a>
            ))}
          </nav>
          <Group gap="xs" wrap="nowrap" className={classes.tools}>
            <ColorSchemeSwitch />
            <SessionMenu session={session} />
          </Group>
        </Container>
      </header>
      <main ref={main} id="main" tabIndex={-1} className={classes.main}>
        <Container size="lg" py="lg">
          {children}
        </Container>
      </main>
    </>
  );
}

function ColorSchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark' ? 'light' : 'dark';
  return (
    <ActionIcon
      variant="default"
      size={30}
      aria-label={`Use ${other} colours`}
      title={`Use ${other} colours`}
      onClick={() => setColorScheme(other)}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
      </svg>
    </ActionIcon>
  );
}
