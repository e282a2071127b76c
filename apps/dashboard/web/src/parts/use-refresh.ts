import { useQueryClient } from '@tanstack/react-query';

/** Reads again whatever is shown, but for who is signed in: for after a change. */
export function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
}
