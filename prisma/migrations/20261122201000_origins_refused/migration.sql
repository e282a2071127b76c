-- Whether the tenant refused the client's allowed origins when they were last set; null: not since the client was made.
-- AlterTable
ALTER TABLE "oauth_clients" ADD COLUMN "origins_refused" BOOLEAN;
