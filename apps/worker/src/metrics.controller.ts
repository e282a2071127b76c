import { Controller, Get, Header } from '@nestjs/common';
import { type SecretAges, SecretAgesReader } from '@app/provisioning';
import { Gauge, Registry } from 'prom-client';

const GAUGES: Readonly<Record<keyof SecretAges, { name: string; help: string }>> = {
  oldestSecretSeconds: {
    name: 'provisioner_oldest_secret_age_seconds',
    help: 'How long the oldest current secret of any customer has been in use.',
  },
  rotationOverdueSeconds: {
    name: 'provisioner_rotation_overdue_seconds',
    help: 'How long the rotation that is longest overdue has been due.',
  },
  reconciliationOverdueSeconds: {
    name: 'provisioner_reconciliation_overdue_seconds',
    help: 'How long the comparison with Qlik that is longest overdue has been due.',
  },
  acknowledgementsOverdue: {
    name: 'provisioner_acknowledgements_overdue',
    help: 'Rotations that stopped because nobody has shown to use the new secret.',
  },
};

/** How the secrets of the whole installation stand, in the text format of Prometheus; every worker says the same. */
@Controller('metrics')
export class MetricsController {
  readonly #registry = new Registry();
  readonly #gauges = Object.entries(GAUGES).map(
    ([key, gauge]) => [key as keyof SecretAges, new Gauge({ ...gauge, registers: [this.#registry] })] as const,
  );

  constructor(private readonly ages: SecretAgesReader) {}

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  async get(): Promise<string> {
    const ages = await this.ages.read();
    for (const [key, gauge] of this.#gauges) gauge.set(ages[key]);
    return this.#registry.metrics();
  }
}
