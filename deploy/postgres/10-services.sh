#!/bin/sh
# Run by the PostgreSQL image on an empty volume: one database and two roles a service, and the vault, as
# deploy/local/databases.py.
set -eu

for name in intake triage approvals followup casebook; do
    upper=$(echo "$name" | tr a-z A-Z)
    eval "owner_password=\${${upper}_OWNER_PASSWORD:?} password=\${${upper}_PASSWORD:?}"
    psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
        -v name="$name" -v owner="${name}_owner" -v database="recourse_$name" \
        -v owner_password="$owner_password" -v password="$password" <<'SQL'
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"owner";
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO :"name";
\connect :"database"
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"name";
SQL
done

psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    -v owner_password="${VAULT_OWNER_PASSWORD:?}" <<'SQL'
CREATE ROLE vault_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE DATABASE recourse_vault OWNER vault_owner;
REVOKE ALL ON DATABASE recourse_vault FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE recourse_vault TO intake, triage, approvals, followup, casebook;
\connect recourse_vault
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO intake, triage, approvals, followup, casebook;
SQL

# Auditors read every service's database, also what is made later, and write nothing. Without a password, no such role.
if [ -n "${AUDITOR_PASSWORD:-}" ]; then
    psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres -v password="$AUDITOR_PASSWORD" <<'SQL'
CREATE ROLE auditor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD :'password';
ALTER ROLE auditor SET default_transaction_read_only = on;
SQL
    for name in intake triage approvals followup casebook; do
        psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "recourse_$name" \
            -v database="recourse_$name" -v owner="${name}_owner" <<'SQL'
GRANT CONNECT ON DATABASE :"database" TO auditor;
GRANT USAGE ON SCHEMA public TO auditor;
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT ON TABLES TO auditor;
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE ON SCHEMAS TO auditor;
SQL
    done
fi
