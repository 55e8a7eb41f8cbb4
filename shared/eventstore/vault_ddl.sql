-- The vault: the key of every subject, wrapped by a master key, and whose each case is. No personal data.

CREATE TABLE subject_key (
    key_id uuid PRIMARY KEY,
    subject_id uuid NOT NULL UNIQUE,
    wrapped bytea,
    master text,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((destroyed_at IS NULL) = (wrapped IS NOT NULL AND master IS NOT NULL))
);

CREATE INDEX subject_key_newest ON subject_key (created_at) WHERE destroyed_at IS NULL;

CREATE TABLE case_link (
    case_id uuid PRIMARY KEY,
    subject_id uuid NOT NULL
);
CREATE INDEX case_link_subject ON case_link (subject_id);

CREATE TABLE vault_secret (
    name text PRIMARY KEY,
    key_id uuid NOT NULL,
    wrapped bytea NOT NULL,
    master text NOT NULL
);

-- Links cases to customers where they are not linked, and gives the key of every subject asked for, the new one that
-- comes along where there is none. With a case, the subject is the one linked to it; the one given is for no link.
CREATE FUNCTION subject_keys(
    link_cases uuid[], link_subjects uuid[], asked_cases uuid[], asked_subjects uuid[],
    new_ids uuid[], new_wrapped bytea[], new_master text
) RETURNS TABLE (subject uuid, linked uuid, id uuid, data bytea, master_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF cardinality(link_cases) > 0 THEN
        INSERT INTO case_link
        SELECT n.case_id, n.subject_id FROM unnest(link_cases, link_subjects) AS n(case_id, subject_id)
        WHERE NOT EXISTS (SELECT FROM case_link l WHERE l.case_id = n.case_id)
        ORDER BY n.case_id
        ON CONFLICT DO NOTHING;
    END IF;
    -- In order, so that two that make the same keys wait for each other one way only.
    INSERT INTO subject_key (key_id, subject_id, wrapped, master)
    SELECT a.new_id, coalesce(l.subject_id, a.subject_id), a.wrapped, new_master
    FROM unnest(asked_cases, asked_subjects, new_ids, new_wrapped) AS a(case_id, subject_id, new_id, wrapped)
    LEFT JOIN case_link l ON l.case_id = a.case_id
    WHERE NOT EXISTS (SELECT FROM subject_key k WHERE k.subject_id = coalesce(l.subject_id, a.subject_id))
    ORDER BY 2
    ON CONFLICT DO NOTHING;
    RETURN QUERY
    SELECT k.subject_id, l.subject_id, k.key_id, k.wrapped, k.master
    FROM unnest(asked_cases, asked_subjects) WITH ORDINALITY AS a(case_id, subject_id, place)
    LEFT JOIN case_link l ON l.case_id = a.case_id
    JOIN subject_key k ON k.subject_id = coalesce(l.subject_id, a.subject_id)
    ORDER BY a.place;
END $$;

-- Destroys the key of a subject, and those of its cases from before they were linked; known to every listener on commit.
CREATE FUNCTION destroy_subject(gone uuid) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    one uuid;
    told text;
BEGIN
    FOR one IN SELECT gone UNION SELECT case_id FROM case_link WHERE subject_id = gone ORDER BY 1 LOOP
        IF one = gone OR EXISTS (SELECT FROM subject_key WHERE subject_id = one) THEN
            INSERT INTO subject_key (key_id, subject_id, destroyed_at) VALUES (gen_random_uuid(), one, now())
            ON CONFLICT (subject_id) DO UPDATE SET wrapped = NULL, master = NULL,
                destroyed_at = coalesce(subject_key.destroyed_at, excluded.destroyed_at)
            RETURNING subject_id || ' ' || key_id INTO told;
            PERFORM pg_notify('erased', told);
            RETURN NEXT told;
        END IF;
    END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION subject_keys, destroy_subject FROM PUBLIC;
