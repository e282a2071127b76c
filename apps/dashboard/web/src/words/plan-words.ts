import type { PlanName } from '../server.js';

const meanings: Record<PlanName, string> = {
  onboarding: 'Makes the impersonation client of a customer in its tenant, until its stored secret gets a token.',
  rotation: 'Replaces the secret of a customer: the new one takes over, then the old one goes.',
  reconciliation:
    'Compares the impersonation client in the tenant with what is wanted, and repairs what is ours to set.',
  preflight: 'A dry run: tries to enter a tenant, for nobody who is signed up yet. It makes nothing there.',
  offboarding: 'Deletes the impersonation client of a customer in its tenant, and what is stored of its secrets.',
};

/** Every plan, by name. */
export const PLANS = Object.keys(meanings) as PlanName[];

/** What the runs of a plan are for, in a sentence; undefined for a plan that this page does not know. */
export const planMeaning = (plan: string): string | undefined => (meanings as Record<string, string>)[plan];
