import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient, SampleCustomer } from './api-client.js';
import { ProgressView } from './progress-view.js';

const SAMPLES: readonly SampleCustomer[] = [
  { externalId: 'acme', name: 'Acme Ltd', tenantHost: 'acme.eu.qlikcloud.com' },
  { externalId: 'globex', name: 'Globex GmbH', tenantHost: 'globex.eu.qlikcloud.com' },
  { externalId: 'initech', name: 'Initech Inc', tenantHost: 'initech.eu.qlikcloud.com' },
];

const ENDED = ['succeeded', 'failed', 'needs_attention', 'cancelled'];
const POLL_MS = 50;
const GIVE_UP_MS = 300_000;

/** Onboards the three samples at once, showing each step, and returns their ids; throws if one does not become ready. */
export async function onboardSamples(api: ApiClient, output: NodeJS.WritableStream): Promise<string[]> {
  const view = new ProgressView(output);
  return Promise.all(SAMPLES.map((sample) => onboardSample(api, sample, view)));
}

async function onboardSample(api: ApiClient, sample: SampleCustomer, view: ProgressView): Promise<string> {
  const { customer, run } = await api.onboard(sample);
  const giveUpAt = Date.now() + GIVE_UP_MS;
  for (let progress = run; ; progress = await api.getRun(run.id)) {
    view.show(sample.externalId, progress);
    if (ENDED.includes(progress.state)) break;
    if (Date.now() > giveUpAt)
      throw new Error(
        `"${sample.externalId}" is not ready after ${GIVE_UP_MS / 1000} s; its run is "${progress.state}".`,
      );
    await delay(POLL_MS);
  }
  const { state } = await api.getCustomer(customer.id);
  if (state === 'ready') return customer.id;
  const { error } = await api.getRun(run.id);
  throw new Error(`"${sample.externalId}" is "${state}"${error === null ? '' : `: ${error.message}`}`);
}
