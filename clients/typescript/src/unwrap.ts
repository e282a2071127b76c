import { ProblemError } from './problem-error.js';

/** What a call of the client resolves with. */
interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

type Success<Of> = Extract<Of, { data: unknown }>;

/** The body of a good answer; `undefined` where it has none. */
export type DataOf<Of> = Success<Of> extends { data: infer Data } ? ([Data] extends [never] ? undefined : Data) : never;

/** The body of the answer; throws ProblemError where it is not a good one. A 304 is none either: look at the `response` of the call for it. */
export async function unwrap<Of extends Answer>(call: Promise<Of>): Promise<DataOf<Of>> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(response, error);
  return data as DataOf<Of>;
}
