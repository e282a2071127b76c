-- CreateTable
CREATE TABLE "pauses" (
    "id" UUID NOT NULL,
    "plan" TEXT,
    "tenant_host" TEXT,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pauses_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "pauses_plan_key" ON "pauses"("plan");

-- CreateIndex
CREATE UNIQUE INDEX "pauses_tenant_host_key" ON "pauses"("tenant_host");


-- What the schema language cannot say.

-- A pause is of a plan or of a tenant.
ALTER TABLE "pauses" ADD CONSTRAINT "pauses_target_check" CHECK (num_nonnulls("plan", "tenant_host") = 1);
