"""Let the search hold no personal text: words and addresses blinded, which a migration cannot do, but a rebuild."""

from alembic import op

revision = "casebook_0010"
down_revision = "casebook_0009"

DDL = """
DROP TABLE live.case_search;
CREATE TABLE live.case_search (case_id UUID NOT NULL, words TEXT, CONSTRAINT case_search_pkey PRIMARY KEY (case_id));
CREATE INDEX case_search_words ON live.case_search USING gin (string_to_array(words, ' '));
DROP INDEX live.customer_address_address;
CREATE TABLE live.address_search (
    customer_id UUID NOT NULL, version BIGINT NOT NULL, address TEXT,
    CONSTRAINT address_search_pkey PRIMARY KEY (customer_id, version)
);
CREATE INDEX address_search_address ON live.address_search USING hash (address);
GRANT SELECT, INSERT, UPDATE ON live.case_search, live.address_search TO casebook;
DO $$
BEGIN
    IF EXISTS (SELECT FROM live.case_list) OR EXISTS (SELECT FROM live.customer) THEN
        COMMENT ON TABLE live.case_search IS 'to be rebuilt';
    END IF;
END $$;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
