import type { RunningProcess } from '@app/platform';
import { ApiClient } from './api-client.js';
import { proveImpersonation } from './impersonation-proof.js';
import { onboardSamples } from './onboard-samples.js';
import { parseQuickstartConfig } from './quickstart.config.js';
import { startEverything } from './start-everything.js';

/** The whole product on one machine: starts everything, onboards three customers, and proves one credential. */
export async function startQuickstart(env: NodeJS.ProcessEnv, output: NodeJS.WritableStream): Promise<RunningProcess> {
  const say = (line: string): void => void output.write(`${line}\n`);
  const startedAt = Date.now();
  const config = parseQuickstartConfig(env);
  say('Starting PostgreSQL, the sandbox (in place of Qlik Cloud), worker, API and dashboard …');
  const everything = await startEverything(config);
  try {
    say('Onboarding three sample customers:');
    const api = new ApiClient(everything.apiUrl, everything.apiKey);
    const [firstCustomer = ''] = await onboardSamples(api, output);
    say(`All three are ready, ${((Date.now() - startedAt) / 1000).toFixed(1)} s after the start.`);
    const credentials = await api.getCredentials(firstCustomer);
    const claims = await proveImpersonation(everything.sandboxUrl, credentials);
    say(`With the stored credential of ${credentials.tenantHost} Qlik gave an impersonation token with these claims:`);
    say(JSON.stringify(claims, null, 2).replaceAll(/^/gm, '  '));
    say('');
    say(`  API        ${everything.apiUrl}   (documentation: ${everything.apiUrl}/docs)`);
    say(`  API key    ${everything.apiKey}`);
    say(`  Dashboard  ${everything.operatorLoginUrl}   (this link works once)`);
    say(`  Sandbox    ${everything.sandboxUrl}`);
    say(`  All of this is in ${config.DATA_DIR}/quickstart.json.`);
    return { url: everything.apiUrl, close: () => everything.close() };
  } catch (error) {
    await everything.close();
    throw error;
  }
}
