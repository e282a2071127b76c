import type { Secret } from '@app/platform';
import { z } from 'zod';
import type { QlikErrorDetails } from './qlik-error.js';

const MAX_LENGTH = 300;

const text = z.string().optional().catch(undefined);

/** Qlik's envelope, and the form of RFC 6749 §5.2 that token endpoints use. */
const errorBodySchema = z.object({
  errors: z
    .array(z.object({ code: text, title: text, detail: text }))
    .optional()
    .catch(undefined),
  traceId: text,
  error: text,
  error_description: text,
});

/** Qlik's own words in the body of an error, cut to 300 characters each after anything equal to one of `secrets` is taken out; a body of another form gives the status alone. */
export function readErrorDetails(status: number, body: unknown, secrets: readonly Secret[]): QlikErrorDetails {
  const parsed = errorBodySchema.safeParse(body);
  if (!parsed.success) return { status };
  const first = parsed.data.errors?.[0];
  const found = {
    code: first?.code ?? parsed.data.error,
    title: first?.title,
    detail: first?.detail ?? parsed.data.error_description,
    traceId: parsed.data.traceId,
  };
  const details: QlikErrorDetails = { status };
  for (const key of ['code', 'title', 'detail', 'traceId'] as const) {
    const value = found[key];
    if (value !== undefined && value !== '') details[key] = clean(value, secrets);
  }
  return details;
}

function clean(value: string, secrets: readonly Secret[]): string {
  let shown = value;
  for (const secret of secrets) {
    for (const form of formsOf(secret.reveal())) shown = shown.replaceAll(form, '[secret]');
  }
  return shown.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MAX_LENGTH);
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}
