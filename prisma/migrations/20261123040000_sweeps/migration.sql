-- How often the sweep woke a run since anything else did, or since a wake-up of it came: tells when it is woken next, and when by another wake-up beside the first one.
-- AlterTable
ALTER TABLE "runs" ADD COLUMN "sweeps" INTEGER NOT NULL DEFAULT 0;
