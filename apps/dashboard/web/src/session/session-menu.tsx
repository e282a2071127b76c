import { Button, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RelativeTime } from '../parts/relative-time.js';
import { change } from '../request.js';
import type { ShownSession } from '../server.js';
import { sessionQuery } from './use-session.js';

/** Who is signed in, and the way out. */
export function SessionMenu({ session }: { session: ShownSession }) {
  const client = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => change('DELETE', '/session', { csrfToken: session.csrfToken }),
    onSuccess: () => {
      client.setQueryData(sessionQuery.queryKey, null);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
    },
  });
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" size="xs">
          {session.operator}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          Session ends <RelativeTime at={session.expiresAt} />
        </Menu.Label>
        <Menu.Item onClick={() => signOut.mutate()} disabled={signOut.isPending}>
          Sign out
        </Menu.Item>
        {signOut.error !== null && <Menu.Label role="alert">Signing out failed: {signOut.error.message}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
