-- CreateEnum
CREATE TYPE "customer_state" AS ENUM ('onboarding', 'ready', 'degraded', 'failed', 'offboarding', 'offboarded');

-- CreateEnum
CREATE TYPE "run_state" AS ENUM ('queued', 'running', 'waiting', 'succeeded', 'failed', 'needs_attention', 'cancelled');

-- CreateEnum
CREATE TYPE "step_state" AS ENUM ('pending', 'running', 'waiting', 'succeeded', 'skipped', 'failed', 'needs_attention', 'undone');

-- CreateEnum
CREATE TYPE "attempt_outcome" AS ENUM ('succeeded', 'retried', 'waited', 'failed', 'needs_attention', 'lost');

-- CreateEnum
CREATE TYPE "oauth_client_state" AS ENUM ('active', 'deleted');

-- CreateEnum
CREATE TYPE "secret_version_state" AS ENUM ('pending', 'current', 'previous', 'revoked');

-- CreateEnum
CREATE TYPE "data_key_owner" AS ENUM ('customer', 'region', 'endpoint');

-- CreateTable
CREATE TABLE "customers" (
    "id" UUID NOT NULL,
    "external_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tenant_host" TEXT NOT NULL,
    "redirect_uris" TEXT[],
    "allowed_origins" TEXT[],
    "scopes" TEXT[],
    "verification_user" JSONB,
    "rotation" JSONB,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "state" "customer_state" NOT NULL DEFAULT 'onboarding',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ready_at" TIMESTAMPTZ(3),

    CONSTRAINT "customers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "caller" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "customer_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("caller","key")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "plan" TEXT NOT NULL,
    "state" "run_state" NOT NULL DEFAULT 'queued',
    "step" TEXT,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "holds_slot" BOOLEAN NOT NULL DEFAULT true,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_run_at" TIMESTAMPTZ(3),
    "intent" JSONB,
    "error" JSONB,
    "cancel_requested" BOOLEAN NOT NULL DEFAULT false,
    "request_id" TEXT NOT NULL,
    "traceparent" TEXT,
    "reason" TEXT,
    "actor" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "woken_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_steps" (
    "run_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "state" "step_state" NOT NULL DEFAULT 'pending',
    "output" JSONB,
    "error" JSONB,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "waiting_until" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "run_steps_pkey" PRIMARY KEY ("run_id","name")
);

-- CreateTable
CREATE TABLE "step_attempts" (
    "run_id" UUID NOT NULL,
    "step" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "outcome" "attempt_outcome" NOT NULL,
    "calls" JSONB NOT NULL DEFAULT '[]',
    "error" JSONB,
    "wait_until" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "step_attempts_pkey" PRIMARY KEY ("run_id","step","number")
);

-- CreateTable
CREATE TABLE "oauth_clients" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "tenant_host" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "client_name" TEXT NOT NULL,
    "state" "oauth_client_state" NOT NULL DEFAULT 'active',
    "consent_method" TEXT,
    "created_by_run" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "oauth_clients_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "secret_versions" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "oauth_client_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "state" "secret_version_state" NOT NULL DEFAULT 'pending',
    "sealed" TEXT,
    "data_key_id" UUID NOT NULL,
    "hint" TEXT,
    "created_by" TEXT,
    "verified_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "promoted_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "secret_versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "data_keys" (
    "id" UUID NOT NULL,
    "owner" "data_key_owner" NOT NULL,
    "owner_id" TEXT NOT NULL,
    "key_encryption_key_id" TEXT NOT NULL,
    "wrapped" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "destroyed_at" TIMESTAMPTZ(3),

    CONSTRAINT "data_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "chain" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "action" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "subject" JSONB NOT NULL,
    "data" JSONB NOT NULL,
    "request_id" TEXT,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_chains" (
    "chain" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_chains_pkey" PRIMARY KEY ("chain")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operator_login_links" (
    "token_hash" BYTEA NOT NULL,
    "operator" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "operator_login_links_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "operator_sessions" (
    "token_hash" BYTEA NOT NULL,
    "operator" TEXT NOT NULL,
    "csrf_token" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "operator_sessions_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "installation_settings" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "installation_settings_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "customers_state_id_idx" ON "customers"("state", "id");

-- CreateIndex
CREATE INDEX "idempotency_keys_expires_at_idx" ON "idempotency_keys"("expires_at");

-- CreateIndex
CREATE INDEX "runs_customer_id_id_idx" ON "runs"("customer_id", "id");

-- CreateIndex
CREATE INDEX "runs_state_id_idx" ON "runs"("state", "id");

-- CreateIndex
CREATE UNIQUE INDEX "oauth_clients_tenant_host_client_id_key" ON "oauth_clients"("tenant_host", "client_id");

-- CreateIndex
CREATE INDEX "secret_versions_data_key_id_idx" ON "secret_versions"("data_key_id");

-- CreateIndex
CREATE UNIQUE INDEX "secret_versions_customer_id_version_key" ON "secret_versions"("customer_id", "version");

-- CreateIndex
CREATE INDEX "data_keys_key_encryption_key_id_idx" ON "data_keys"("key_encryption_key_id");

-- CreateIndex
CREATE UNIQUE INDEX "data_keys_owner_owner_id_key" ON "data_keys"("owner", "owner_id");

-- CreateIndex
CREATE INDEX "audit_events_action_id_idx" ON "audit_events"("action", "id");

-- CreateIndex
CREATE UNIQUE INDEX "audit_events_chain_sequence_key" ON "audit_events"("chain", "sequence");

-- CreateIndex
CREATE INDEX "operator_sessions_expires_at_idx" ON "operator_sessions"("expires_at");

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_steps" ADD CONSTRAINT "run_steps_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "step_attempts" ADD CONSTRAINT "step_attempts_run_id_step_fkey" FOREIGN KEY ("run_id", "step") REFERENCES "run_steps"("run_id", "name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "oauth_clients" ADD CONSTRAINT "oauth_clients_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_versions" ADD CONSTRAINT "secret_versions_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_versions" ADD CONSTRAINT "secret_versions_oauth_client_id_fkey" FOREIGN KEY ("oauth_client_id") REFERENCES "oauth_clients"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_versions" ADD CONSTRAINT "secret_versions_data_key_id_fkey" FOREIGN KEY ("data_key_id") REFERENCES "data_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- What the schema language cannot say.

-- A customer's externalId and tenantHost are free again once it is offboarded.
CREATE UNIQUE INDEX "customers_external_id_live_key" ON "customers"("external_id") WHERE "state" <> 'offboarded';
CREATE UNIQUE INDEX "customers_tenant_host_live_key" ON "customers"("tenant_host") WHERE "state" <> 'offboarded';

-- One changing run per customer.
CREATE UNIQUE INDEX "runs_customer_slot_key" ON "runs"("customer_id") WHERE "holds_slot";

-- What the sweep and the claims look at: open runs only, however many have ended.
CREATE INDEX "runs_open_idx" ON "runs"("state", "next_run_at", "lease_until") WHERE "state" IN ('queued', 'running', 'waiting');

CREATE UNIQUE INDEX "oauth_clients_customer_active_key" ON "oauth_clients"("customer_id") WHERE "state" = 'active';
CREATE UNIQUE INDEX "secret_versions_customer_current_key" ON "secret_versions"("customer_id") WHERE "state" = 'current';

-- A revoked secret is gone, any other is there.
ALTER TABLE "secret_versions" ADD CONSTRAINT "secret_versions_sealed_check" CHECK (("state" = 'revoked') = ("sealed" IS NULL));
ALTER TABLE "data_keys" ADD CONSTRAINT "data_keys_wrapped_check" CHECK (("destroyed_at" IS NULL) = ("wrapped" IS NOT NULL));

-- Audit events are append-only, whoever is connected.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;
CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE ON "audit_events" FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();
CREATE TRIGGER "audit_events_no_truncate" BEFORE TRUNCATE ON "audit_events" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
