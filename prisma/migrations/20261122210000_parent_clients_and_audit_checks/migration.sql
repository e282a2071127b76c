-- CreateTable
CREATE TABLE "parent_clients" (
    "region" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "data_key_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "parent_clients_pkey" PRIMARY KEY ("region")
);

-- CreateTable
CREATE TABLE "audit_checks" (
    "id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "after_chain" TEXT NOT NULL DEFAULT '',
    "chains" INTEGER NOT NULL DEFAULT 0,
    "events" BIGINT NOT NULL DEFAULT 0,
    "broken_chains" INTEGER NOT NULL DEFAULT 0,
    "broken" JSONB NOT NULL DEFAULT '[]',
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "audit_checks_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "parent_clients_id_key" ON "parent_clients"("id");

-- CreateIndex
CREATE INDEX "parent_clients_data_key_id_idx" ON "parent_clients"("data_key_id");

-- AddForeignKey
ALTER TABLE "parent_clients" ADD CONSTRAINT "parent_clients_data_key_id_fkey" FOREIGN KEY ("data_key_id") REFERENCES "data_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema language cannot say.

-- Of the checks of the audit trail one is under way at most.
CREATE UNIQUE INDEX "audit_checks_one_under_way" ON "audit_checks"((true)) WHERE "finished_at" IS NULL;
