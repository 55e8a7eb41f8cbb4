-- What every consumer of Kafka topics keeps in its own database: cursors, and parked events.

CREATE TABLE log_cursor (
    consumer text NOT NULL,
    source text NOT NULL,
    log_part smallint NOT NULL,
    position bigint NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, source, log_part)
) WITH (fillfactor = 50);

CREATE TABLE dead_letter (
    dead_letter_id uuid PRIMARY KEY,
    consumer text NOT NULL,
    source text NOT NULL,
    log_part smallint NOT NULL,
    position bigint NOT NULL,
    stream_id uuid NOT NULL,
    type text NOT NULL,
    header jsonb NOT NULL,
    body bytea NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    state text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'retried', 'discarded')),
    parked_at timestamptz NOT NULL,
    UNIQUE (consumer, source, log_part, position)
);
CREATE INDEX dead_letter_parked ON dead_letter (consumer, stream_id) WHERE state = 'parked';

CREATE TABLE dead_letter_act (
    act_id uuid PRIMARY KEY,
    dead_letter_id uuid NOT NULL REFERENCES dead_letter,
    act text NOT NULL CHECK (act IN ('retried', 'retry_failed', 'discarded')),
    actor text NOT NULL,
    reason text NOT NULL,
    acted_at timestamptz NOT NULL
);

CREATE FUNCTION refuse_act_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%% is append-only: %% is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'RC003';
END $$;
CREATE TRIGGER act_append_only BEFORE UPDATE OR DELETE ON dead_letter_act
    FOR EACH ROW EXECUTE FUNCTION refuse_act_change();
CREATE TRIGGER act_no_truncate BEFORE TRUNCATE ON dead_letter_act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_act_change();
