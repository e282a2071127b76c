/** What one call to Qlik Cloud is for; the names are ours. */
export type QlikOperation =
  | 'token'
  | 'list-oauth-clients'
  | 'create-oauth-client'
  | 'get-oauth-client'
  | 'patch-oauth-client'
  | 'delete-oauth-client'
  | 'get-connection-config'
  | 'patch-connection-config'
  | 'create-client-secret'
  | 'delete-client-secret';

/** What one call to Qlik was and how it ended; `code` is Qlik's error code, or the network's (`ECONNRESET`) if Qlik never answered. Holds no secret. */
export interface CallRecord {
  operation: QlikOperation;
  startedAt: string;
  durationMs: number;
  status?: number;
  code?: string;
  traceId?: string;
  outcome: 'ok' | 'refused' | 'rate-limited' | 'unavailable' | 'unreadable' | 'aborted';
}

/** What a caller gives along with a call: when to stop it, what comes right before it, and where to note every HTTP call it took. */
export interface CallContext {
  signal?: AbortSignal;
  onCall?: (call: CallRecord) => void;
  /** Awaited right before each request is sent, also before one that repeats a refused one with a fresh token; what it throws stops the call. */
  beforeSend?: () => Promise<void>;
}
