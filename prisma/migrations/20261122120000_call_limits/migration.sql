-- Calls to Qlik that each tenant got from us in the present minute, per tier. UNLOGGED: nothing here outlives its minute, and a call
-- must not wait for a disk. After a crash of PostgreSQL the table is empty, and the counts begin anew.
CREATE UNLOGGED TABLE "call_limits" (
    "tenant_host" TEXT NOT NULL,
    "tier" TEXT NOT NULL,
    "used" INTEGER NOT NULL,
    "resets_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "call_limits_pkey" PRIMARY KEY ("tenant_host","tier")
);
