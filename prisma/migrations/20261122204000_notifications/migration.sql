-- What processes remember (docs/decisions/0022): a change of these rows is told to all of them when it commits, whoever made it.
-- The schema language knows no triggers.

-- Arguments: the channel, and the column whose value is told.
CREATE FUNCTION "tell_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], (CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END) ->> TG_ARGV[1]);
    RETURN NULL;
END;
$$;

-- Whether a customer's credential may be used, where, and for what.
CREATE TRIGGER "customers_tell_change" AFTER UPDATE ON "customers" FOR EACH ROW
WHEN (OLD."state" IS DISTINCT FROM NEW."state" OR OLD."tenant_host" IS DISTINCT FROM NEW."tenant_host" OR OLD."scopes" IS DISTINCT FROM NEW."scopes")
EXECUTE FUNCTION "tell_change"('customer_changed', 'id');

-- Which credential it is: promotion, retirement, revocation. A new version is pending, and nobody's yet.
CREATE TRIGGER "secret_versions_tell_change" AFTER UPDATE ON "secret_versions" FOR EACH ROW
WHEN (OLD."state" IS DISTINCT FROM NEW."state" OR OLD."retired_at" IS DISTINCT FROM NEW."retired_at")
EXECUTE FUNCTION "tell_change"('customer_changed', 'customer_id');
CREATE TRIGGER "secret_versions_tell_removal" AFTER DELETE ON "secret_versions" FOR EACH ROW
EXECUTE FUNCTION "tell_change"('customer_changed', 'customer_id');
CREATE TRIGGER "oauth_clients_tell_change" AFTER UPDATE ON "oauth_clients" FOR EACH ROW
WHEN (OLD."state" IS DISTINCT FROM NEW."state" OR OLD."client_id" IS DISTINCT FROM NEW."client_id")
EXECUTE FUNCTION "tell_change"('customer_changed', 'customer_id');

-- A repair changes the client at Qlik and may change no other row here.
CREATE TRIGGER "audit_events_tell_repair" AFTER INSERT ON "audit_events" FOR EACH ROW
WHEN (NEW."action" = 'drift.repaired')
EXECUTE FUNCTION "tell_change"('customer_changed', 'chain');

-- Everything about a key but when it was used.
CREATE TRIGGER "api_keys_tell_change" AFTER UPDATE ON "api_keys" FOR EACH ROW
WHEN (to_jsonb(OLD) - 'last_used_at' IS DISTINCT FROM to_jsonb(NEW) - 'last_used_at')
EXECUTE FUNCTION "tell_change"('api_key_changed', 'id');
CREATE TRIGGER "api_keys_tell_removal" AFTER DELETE ON "api_keys" FOR EACH ROW
EXECUTE FUNCTION "tell_change"('api_key_changed', 'id');
