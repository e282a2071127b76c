import { Controller, Get, Header } from '@nestjs/common';
import { AuditChecks, type AuditHealth } from '@app/audit';
import { type SecretAges, SecretAgesReader } from '@app/provisioning';
import { Gauge, Registry } from 'prom-client';

const GAUGES: Readonly<Record<keyof SecretAges | keyof AuditHealth, { name: string; help: string }>> = {
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
  brokenChains: {
    name: 'provisioner_audit_broken_chains',
    help: 'Chains of the audit trail that the last check found broken.',
  },
  checkAgeSeconds: {
    name: 'provisioner_audit_check_age_seconds',
    help: 'How long ago the last complete check of the audit trail began.',
  },
};

/** How the secrets and the audit trail of the whole installation stand, in the text format of Prometheus; every worker says the same. */
@Controller('metrics')
export class MetricsController {
  readonly #registry = new Registry();
  readonly #gauges = Object.entries(GAUGES).map(
    ([key, gauge]) => [key as keyof typeof GAUGES, new Gauge({ ...gauge, registers: [this.#registry] })] as const,
  );

  constructor(
    private readonly ages: SecretAgesReader,
    private readonly auditChecks: AuditChecks,
  ) {}

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  async get(): Promise<string> {
    const values = { ...(await this.ages.read()), ...(await this.auditChecks.getHealth()) };
    for (const [key, gauge] of this.#gauges) gauge.set(values[key]);
    return this.#registry.metrics();
  }
}
