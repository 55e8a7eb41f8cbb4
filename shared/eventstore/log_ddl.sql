-- The log of one service: append-only, gapless per log partition, chained by the append itself.
-- %(log)s and %(parts)s are fixed at birth. Run once, by the owner role, from the first migration.

CREATE TABLE log_identity (
    log text PRIMARY KEY,
    parts smallint NOT NULL CHECK (parts BETWEEN 1 AND 256)
);
INSERT INTO log_identity VALUES ('%(log)s', %(parts)s);

CREATE TABLE event (
    log_part smallint NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    stream_kind text NOT NULL,
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    actor text NOT NULL,
    on_behalf_of text,
    via text NOT NULL,
    command_id uuid,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    traceparent text,
    recorded_at timestamptz NOT NULL,
    received_at timestamptz,
    body bytea NOT NULL,
    body_hash bytea NOT NULL,
    chain_hash bytea NOT NULL,
    PRIMARY KEY (log_part, position),
    CONSTRAINT event_stream_version UNIQUE (log_part, stream_id, version),
    CONSTRAINT event_id_once UNIQUE (event_id)
);

CREATE TABLE command (
    log_part smallint NOT NULL,
    command_id uuid NOT NULL,
    content_hash bytea NOT NULL,
    first_position bigint NOT NULL,
    events integer NOT NULL,
    PRIMARY KEY (log_part, command_id)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%% is append-only: %% is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'RC003';
END $$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER command_append_only BEFORE UPDATE OR DELETE ON command
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER command_no_truncate BEFORE TRUNCATE ON command
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One event: takes the partition's lock, then nothing slow. Errors: RC001 the stream is not at the expected version,
-- RC004 the caller's transaction is not READ COMMITTED (after the lock it would not see the last row).
CREATE FUNCTION append_event(
    p_part smallint, p_id uuid, p_type text, p_kind text, p_stream uuid, p_version integer, p_actor text, p_behalf text,
    p_via text, p_command uuid, p_correlation uuid, p_cause uuid, p_trace text, p_received timestamptz,
    p_caused_at timestamptz, p_body bytea, OUT at bigint, OUT recorded timestamptz, OUT chain bytea
) LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs READ COMMITTED' USING ERRCODE = 'RC004';
    END IF;
    PERFORM pg_advisory_xact_lock(7, p_part);
    IF p_version <> 1 + coalesce((SELECT e.version FROM public.event e
            WHERE e.log_part = p_part AND e.stream_id = p_stream ORDER BY e.version DESC LIMIT 1), 0) THEN
        RAISE EXCEPTION 'stream %% is not at version %%', p_stream, p_version - 1 USING ERRCODE = 'RC001';
    END IF;
    SELECT e.position + 1, e.recorded_at, e.chain_hash INTO at, recorded, chain
        FROM public.event e WHERE e.log_part = p_part ORDER BY e.position DESC LIMIT 1;
    IF NOT FOUND THEN
        at := 1;
        chain := sha256(convert_to('%(log)s/' || p_part, 'UTF8'));
    END IF;
    recorded := greatest(clock_timestamp(), recorded + interval '1 microsecond', p_caused_at + interval '1 microsecond');
    chain := sha256(chain || sha256(convert_to(json_build_array('%(log)s', p_part, at, p_id, p_type, p_kind, p_stream,
        p_version, p_actor, p_behalf, p_via, p_command, p_correlation, p_cause, p_trace,
        (extract(epoch FROM recorded) * 1000000)::bigint, (extract(epoch FROM p_received) * 1000000)::bigint
        )::text, 'UTF8')) || sha256(p_body));
    INSERT INTO public.event VALUES (p_part, at, p_id, p_type, p_kind, p_stream, p_version, p_actor, p_behalf, p_via,
        p_command, p_correlation, p_cause, p_trace, recorded, p_received, p_body, sha256(p_body), chain);
END $$;

-- Several events of one log partition, and the command that they answer. RC002: the command id was used with other
-- content. A command seen again with the same content appends nothing and says so.
CREATE FUNCTION append_events(
    p_part smallint, p_command uuid, p_content bytea,
    p_ids uuid[], p_types text[], p_kinds text[], p_streams uuid[], p_versions integer[],
    p_actors text[], p_behalfs text[], p_vias text[], p_commands uuid[], p_correlations uuid[],
    p_causes uuid[], p_traces text[], p_received timestamptz[], p_caused_at timestamptz[], p_bodies bytea[],
    OUT ats bigint[], OUT recorded timestamptz[], OUT chains bytea[], OUT repeated boolean
) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    seen public.command;
    one record;
    n integer := coalesce(array_length(p_ids, 1), 0);
BEGIN
    repeated := false;
    IF p_command IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(7, p_part);
        SELECT * INTO seen FROM public.command c WHERE c.log_part = p_part AND c.command_id = p_command;
        IF FOUND AND seen.content_hash <> p_content THEN
            RAISE EXCEPTION 'command id %% was used with other content', p_command USING ERRCODE = 'RC002';
        ELSIF FOUND THEN
            repeated := true;
            RETURN;
        END IF;
    END IF;
    FOR i IN 1..n LOOP
        one := public.append_event(p_part, p_ids[i], p_types[i], p_kinds[i], p_streams[i], p_versions[i], p_actors[i],
            p_behalfs[i], p_vias[i], p_commands[i], p_correlations[i], p_causes[i], p_traces[i], p_received[i],
            p_caused_at[i], p_bodies[i]);
        ats[i] := one.at;
        recorded[i] := one.recorded;
        chains[i] := one.chain;
    END LOOP;
    IF p_command IS NOT NULL THEN
        INSERT INTO public.command VALUES (p_part, p_command, p_content, coalesce(ats[1], 0), n);
    END IF;
END $$;

REVOKE ALL ON FUNCTION append_event FROM PUBLIC;
REVOKE ALL ON FUNCTION append_events FROM PUBLIC;

-- What the service's reactions need beside the log.
CREATE TABLE timer (
    timer_id uuid PRIMARY KEY,
    stream_id uuid NOT NULL,
    due timestamptz NOT NULL,
    kind text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    error text
);
CREATE INDEX timer_due ON timer (due);
