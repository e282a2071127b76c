-- CreateTable
CREATE TABLE "existing_clients" (
    "customer_id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "sealed" TEXT,
    "data_key_id" UUID,
    "found" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "existing_clients_pkey" PRIMARY KEY ("customer_id")
);

-- CreateIndex
CREATE INDEX "existing_clients_client_id_idx" ON "existing_clients"("client_id");

-- CreateIndex
CREATE INDEX "existing_clients_data_key_id_idx" ON "existing_clients"("data_key_id");

-- CreateIndex
CREATE INDEX "oauth_clients_client_id_idx" ON "oauth_clients"("client_id");

-- AddForeignKey
ALTER TABLE "existing_clients" ADD CONSTRAINT "existing_clients_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "existing_clients" ADD CONSTRAINT "existing_clients_data_key_id_fkey" FOREIGN KEY ("data_key_id") REFERENCES "data_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema language cannot say.

-- A secret and the data key that opens it are there together or not at all.
ALTER TABLE "existing_clients" ADD CONSTRAINT "existing_clients_sealed_check" CHECK (("sealed" IS NULL) = ("data_key_id" IS NULL));

-- One customer per client, as before, but of the clients in use: one that a cancelled onboarding let go of can be enrolled again.
DROP INDEX "oauth_clients_tenant_host_client_id_key";
CREATE UNIQUE INDEX "oauth_clients_tenant_host_client_id_active_key" ON "oauth_clients"("tenant_host", "client_id") WHERE "state" = 'active';
