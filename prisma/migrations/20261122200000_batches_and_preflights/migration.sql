-- AlterTable
ALTER TABLE "idempotency_keys" ALTER COLUMN "customer_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "runs" ALTER COLUMN "customer_id" DROP NOT NULL;

-- What the schema language cannot say.

-- A preflight, and nothing else, has no customer.
ALTER TABLE "runs" ADD CONSTRAINT "runs_customer_check" CHECK (("plan" = 'preflight') = ("customer_id" IS NULL));

-- What has no customer holds no customer's slot, and says itself which tenant it is about.
ALTER TABLE "runs" ADD CONSTRAINT "runs_tenant_check" CHECK ("customer_id" IS NOT NULL OR (NOT "holds_slot" AND "input" ? 'tenantHost'));
