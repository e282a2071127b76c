/** A tenant that was prepared for the next customer, with the Qlik id of the user who will sign in there. */
export interface PreparedTenant {
  host: string;
  userId: string;
}

/** What the environment says; examples/README.md has a line for each. */
export interface Settings {
  provisionerUrl: string;
  apiKey: string;
  /** One; the new and the old one while it is changed. */
  webhookSecrets: readonly string[];
  tenants: readonly PreparedTenant[];
  signUpsFile: string;
  /** Where browsers find this backend: Qlik lets pages of this origin use the tokens. */
  origin: string;
  /** How long after the last look at a sign-up we look again by ourselves, because no webhook came. */
  lookAgainMs: number;
  port: number;
}

/** Reads the settings, or throws an Error that names the one that is missing. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const read = (name: string, fallback?: string): string => {
    const value = env[name] ?? fallback;
    if (value === undefined || value === '') throw new Error(`${name} is not set: see examples/README.md.`);
    return value;
  };
  const port = Number(read('PORT', '8080'));
  return {
    provisionerUrl: read('PROVISIONER_URL'),
    apiKey: read('PROVISIONER_API_KEY'),
    webhookSecrets: read('WEBHOOK_SECRETS').split(','),
    tenants: JSON.parse(read('TENANTS')) as PreparedTenant[],
    signUpsFile: read('SIGN_UPS_FILE'),
    origin: read('ORIGIN', `http://localhost:${port}`),
    lookAgainMs: Number(read('LOOK_AGAIN_SECONDS', '30')) * 1000,
    port,
  };
}
