import { Button, Loader, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { change, RequestFailed } from '../request.js';
import { navigate } from '../routing/location.js';
import type { ShownSession } from '../server.js';
import { SignedOut } from './signed-out.js';
import { sessionQuery } from './use-session.js';

let token = '';
let begun = false;

/** Takes the token out of the address, so that neither history nor a copied address keeps it. */
export function takeLoginToken(): void {
  if (window.location.pathname !== '/login') return;
  token = window.location.hash.slice(1);
  window.history.replaceState(null, '', '/login');
  // Another link pasted into this tab changes nothing but the fragment.
  window.addEventListener('hashchange', () => window.location.reload(), { once: true });
}

/** Signs in with the token of the link that was opened. */
export function LoginView() {
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => change<ShownSession>('POST', '/session', { body: { token } }),
    onSuccess: (session) => {
      token = '';
      client.removeQueries();
      client.setQueryData(sessionQuery.queryKey, session);
      navigate('/', { replace: true });
    },
  });
  const { mutate, error } = signIn;
  useEffect(() => {
    // A link works once: not twice either when React mounts twice, as it does in development.
    if (token === '' || begun) return;
    begun = true;
    mutate();
  }, [mutate]);
  if (token === '')
    return <SignedOut>Open the login link whole, as it was printed: this address has no token.</SignedOut>;
  if (error === null) {
    return (
      <Stack align="center" py="xl" role="status">
        <Loader />
        <Text>Signing in…</Text>
      </Stack>
    );
  }
  const refused = error instanceof RequestFailed && error.status === 401;
  return (
    <SignedOut>
      {error.message}
      {!refused && (
        <Button size="xs" mt="sm" display="block" onClick={() => mutate()}>
          Try again
        </Button>
      )}
    </SignedOut>
  );
}
