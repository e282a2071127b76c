-- How often the sweep woke a run since it was woken or claimed by anything else: tells when another wake-up is sent beside the first one.
-- AlterTable
ALTER TABLE "runs" ADD COLUMN "sweeps" INTEGER NOT NULL DEFAULT 0;
