-- Who read which cases, when, and why; ids only, and append-only.

CREATE TABLE access_record (
    access_id uuid PRIMARY KEY,
    read_at timestamptz NOT NULL,
    reader text NOT NULL,
    roles text[] NOT NULL,
    route text NOT NULL,
    case_ids uuid[] NOT NULL,
    customer_ids uuid[] NOT NULL,
    as_of timestamptz,
    via text NOT NULL,
    purpose text
);
CREATE INDEX access_record_read_at ON access_record (read_at, access_id);
CREATE INDEX access_record_reader ON access_record (reader, read_at);
CREATE INDEX access_record_case ON access_record USING gin (case_ids);
CREATE INDEX access_record_customer ON access_record USING gin (customer_ids);

CREATE FUNCTION refuse_access_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%% is append-only: %% is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'RC003';
END $$;
CREATE TRIGGER access_append_only BEFORE UPDATE OR DELETE ON access_record
    FOR EACH ROW EXECUTE FUNCTION refuse_access_change();
CREATE TRIGGER access_no_truncate BEFORE TRUNCATE ON access_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_access_change();
