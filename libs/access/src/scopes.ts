/** Every right a caller can hold, with what it allows. A public contract: names are added, never renamed. */
export const scopes = {
  'customers:read': 'See customers and the state of their onboarding.',
  'customers:write': 'Onboard, change and offboard customers.',
  'runs:read': 'See runs, their steps and their errors, and follow them live.',
  'runs:write': 'Retry and cancel runs, and pause plans or tenants.',
  'secrets:read': "Read a customer's OAuth client secret, and acknowledge a new one.",
  'secrets:rotate': "Rotate a customer's OAuth client secret, or roll a rotation back.",
  'tokens:write': "Obtain impersonation tokens for a customer's users.",
  'audit:read': 'Read, export and verify the audit trail.',
  'parents:write': 'Store the parent clients that let us into the tenants of a region.',
  'webhooks:write': 'Register webhook endpoints, and replay their deliveries.',
  'api-keys:write': 'Make, list, replace and revoke API keys; a key gets no scope that its maker lacks.',
} as const satisfies Record<string, string>;

/** The name of a right; `scopes` says what each allows. */
export type Scope = keyof typeof scopes;

/** Whether `name` is a scope that exists. */
export function isScope(name: string): name is Scope {
  return Object.hasOwn(scopes, name);
}
