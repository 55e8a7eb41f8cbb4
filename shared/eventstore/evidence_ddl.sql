-- What the sealer keeps beside a log: full tiles of each partition's Merkle tree, checkpoints, statements about keys.
-- All of it follows from the events and the keys; the proof of it is what others hold.

-- The header's hash, computed from the columns as the append function does.
CREATE FUNCTION event_header_hash(e event) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(json_build_array('%(log)s', e.log_part, e.position, e.event_id, e.type, e.stream_kind,
        e.stream_id, e.version, e.actor, e.on_behalf_of, e.via, e.command_id, e.correlation_id, e.causation_id,
        e.traceparent, (extract(epoch FROM e.recorded_at) * 1000000)::bigint,
        (extract(epoch FROM e.received_at) * 1000000)::bigint)::text, 'UTF8'))
$$;

CREATE TABLE tile (
    log_part smallint NOT NULL,
    level smallint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL CHECK (length(hashes) = 8192),
    root bytea NOT NULL,
    PRIMARY KEY (log_part, level, number)
);
-- Hashes do not compress; trying costs more than all the rest of a tile.
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE checkpoint (
    log_part smallint NOT NULL,
    number bigint NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    chain bytea NOT NULL,
    note bytea NOT NULL,
    edge bytea NOT NULL,
    old_size bigint NOT NULL,
    proof bytea NOT NULL,
    signed_at timestamptz NOT NULL,
    sent boolean NOT NULL DEFAULT false,
    PRIMARY KEY (log_part, number)
);
CREATE INDEX checkpoint_size ON checkpoint (log_part, size);
CREATE INDEX checkpoint_unsent ON checkpoint (log_part, number) WHERE NOT sent;

CREATE TABLE key_statement (
    number bigint PRIMARY KEY,
    note bytea NOT NULL,
    stated_at timestamptz NOT NULL,
    sent boolean NOT NULL DEFAULT false
);
