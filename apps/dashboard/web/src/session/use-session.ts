import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { read, RequestFailed } from '../request.js';
import type { ShownSession } from '../server.js';

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<ShownSession | null> => {
    try {
      return await read<ShownSession>('/session', signal);
    } catch (error) {
      if (error instanceof RequestFailed && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Infinity,
});

/** The CSRF token of the session, for a change. */
export function useCsrfToken(): () => string {
  const client = useQueryClient();
  return () => client.getQueryData(sessionQuery.queryKey)?.csrfToken ?? '';
}
