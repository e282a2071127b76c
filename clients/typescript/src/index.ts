export { type ClientCredential, type ClientOptions, createClient, type ProvisionerClient } from './client.js';
export type { components, operations, paths } from './generated/openapi.js';
export type { KnownProblemCode } from './generated/problem-codes.js';
export { type Problem, type ProblemCode, ProblemError, type QlikAnswer } from './problem-error.js';
export type { AcceptedCustomer, Credentials, Customer, NewCustomer, Run, RunState, RunStep } from './resources.js';
export type { RetryOptions } from './retrying.js';
export { RunStoppedError, RunTimeoutError } from './run-errors.js';
export { signUp, type SignUpOptions } from './sign-up.js';
export { unwrap } from './unwrap.js';
export { waitForRun, type WaitOptions } from './wait-for-run.js';
export {
  verifyWebhook,
  type WebhookEvent,
  type WebhookEventType,
  type WebhookHeaders,
  WebhookVerificationError,
} from './verify-webhook.js';
