-- AlterTable
ALTER TABLE "customers" ADD COLUMN     "next_reconciliation_at" TIMESTAMPTZ(3),
ADD COLUMN     "next_rotation_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "input" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "secret_versions" ADD COLUMN     "acknowledged_at" TIMESTAMPTZ(3),
ADD COLUMN     "first_read_at" TIMESTAMPTZ(3),
ADD COLUMN     "retired_at" TIMESTAMPTZ(3);

-- What the schema language cannot say.

-- What the sweeps look at: only what has a date, however many customers there are.
CREATE INDEX "customers_next_rotation_idx" ON "customers"("next_rotation_at") WHERE "next_rotation_at" IS NOT NULL;
CREATE INDEX "customers_next_reconciliation_idx" ON "customers"("next_reconciliation_at") WHERE "next_reconciliation_at" IS NOT NULL;

-- The age of the oldest secret in use, however many there are.
CREATE INDEX "secret_versions_current_age_idx" ON "secret_versions"("promoted_at") WHERE "state" = 'current';

-- Customers from before there was a schedule: spread over its default interval, and over the first day.
UPDATE "customers" SET "next_rotation_at" = now() + random() * interval '90 days', "next_reconciliation_at" = now() + random() * interval '1 day'
WHERE "state" IN ('ready', 'degraded');
