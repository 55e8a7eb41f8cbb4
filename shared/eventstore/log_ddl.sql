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

-- Errors: RC001 a stream is not at the expected version, RC002 a command id was used with other content,
-- RC004 the caller's transaction is not READ COMMITTED (after the lock it would not see the last row).
CREATE FUNCTION append_events(
    p_part smallint, p_command uuid, p_content bytea,
    p_ids uuid[], p_types text[], p_kinds text[], p_streams uuid[], p_versions integer[],
    p_actors text[], p_behalfs text[], p_vias text[], p_commands uuid[], p_correlations uuid[],
    p_causes uuid[], p_traces text[], p_received timestamptz[], p_caused_at timestamptz[], p_bodies bytea[],
    OUT first_position bigint, OUT recorded timestamptz[], OUT chains bytea[], OUT repeated boolean
) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    seen public.command;
    last_time timestamptz := '-infinity';
    chain bytea;
    at bigint;
    head text;
    n integer := coalesce(array_length(p_ids, 1), 0);
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs READ COMMITTED' USING ERRCODE = 'RC004';
    END IF;
    PERFORM pg_advisory_xact_lock(7, p_part);

    IF p_command IS NOT NULL THEN
        SELECT * INTO seen FROM public.command c WHERE c.log_part = p_part AND c.command_id = p_command;
        IF FOUND THEN
            IF seen.content_hash <> p_content THEN
                RAISE EXCEPTION 'command id %% was used with other content', p_command USING ERRCODE = 'RC002';
            END IF;
            first_position := seen.first_position; repeated := true;
            RETURN;
        END IF;
    END IF;

    IF n = 1 THEN
        IF p_versions[1] <> 1 + coalesce((SELECT e.version FROM public.event e
                WHERE e.log_part = p_part AND e.stream_id = p_streams[1] ORDER BY e.version DESC LIMIT 1), 0) THEN
            RAISE EXCEPTION 'stream %% is not at version %%', p_streams[1], p_versions[1] - 1 USING ERRCODE = 'RC001';
        END IF;
    ELSIF EXISTS (
        SELECT FROM (SELECT s.id, min(s.version) AS first FROM unnest(p_streams, p_versions) AS s(id, version) GROUP BY s.id) f
        WHERE f.first <> 1 + coalesce((SELECT e.version FROM public.event e
            WHERE e.log_part = p_part AND e.stream_id = f.id ORDER BY e.version DESC LIMIT 1), 0)
    ) THEN
        RAISE EXCEPTION 'a stream is not at its expected version' USING ERRCODE = 'RC001';
    END IF;

    SELECT e.position, e.recorded_at, e.chain_hash INTO at, last_time, chain
        FROM public.event e WHERE e.log_part = p_part ORDER BY e.position DESC LIMIT 1;
    IF NOT FOUND THEN
        at := 0;
        last_time := '-infinity';
        chain := sha256(convert_to('%(log)s/' || p_part, 'UTF8'));
    END IF;
    first_position := at + 1;
    repeated := false;

    FOR i IN 1..n LOOP
        at := at + 1;
        last_time := greatest(clock_timestamp(), last_time + interval '1 microsecond',
                              p_caused_at[i] + interval '1 microsecond');
        recorded[i] := last_time;
        head := json_build_array('%(log)s', p_part, at, p_ids[i], p_types[i], p_kinds[i], p_streams[i], p_versions[i],
            p_actors[i], p_behalfs[i], p_vias[i], p_commands[i], p_correlations[i], p_causes[i], p_traces[i],
            (extract(epoch FROM last_time) * 1000000)::bigint, (extract(epoch FROM p_received[i]) * 1000000)::bigint)::text;
        chain := sha256(chain || sha256(convert_to(head, 'UTF8')) || sha256(p_bodies[i]));
        chains[i] := chain;
    END LOOP;

    IF n = 1 THEN
        INSERT INTO public.event VALUES (p_part, first_position, p_ids[1], p_types[1], p_kinds[1], p_streams[1],
            p_versions[1], p_actors[1], p_behalfs[1], p_vias[1], p_commands[1], p_correlations[1], p_causes[1],
            p_traces[1], recorded[1], p_received[1], p_bodies[1], sha256(p_bodies[1]), chains[1]);
    ELSIF n > 1 THEN
        INSERT INTO public.event
        SELECT p_part, first_position + e.nth - 1, e.id, e.type, e.kind, e.stream, e.version, e.actor, e.behalf, e.via,
               e.command, e.correlation, e.cause, e.trace, e.recorded, e.received, e.body, sha256(e.body), e.chain
        FROM unnest(p_ids, p_types, p_kinds, p_streams, p_versions, p_actors, p_behalfs, p_vias, p_commands,
                    p_correlations, p_causes, p_traces, recorded, p_received, p_bodies, chains)
             WITH ORDINALITY AS e(id, type, kind, stream, version, actor, behalf, via, command, correlation, cause,
                                  trace, recorded, received, body, chain, nth);
    END IF;

    IF p_command IS NOT NULL THEN
        INSERT INTO public.command VALUES (p_part, p_command, p_content, first_position, n);
    END IF;
END $$;

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
