"""How an audit reaches the databases of a home: as the role that may read everything and write nothing."""

from collections.abc import Iterable

from deploy.local.home import Home
from deploy.local.postgres import LocalPostgres
from deploy.local.secret_files import password_in

AUDITOR = "auditor"


def dsns(home: Home, services: Iterable[str]) -> dict[str, str]:
    """Give the address of each service's database, as libpq reads it.

    A home that was made before there were auditors is read as the owner of each database.
    """
    postgres = LocalPostgres(home.postgres)
    found = {}
    for service in services:
        auditor = home.secrets / AUDITOR
        user = AUDITOR if auditor.exists() else f"{service}_owner"
        found[service] = postgres.url_for(user, password_in(home.secrets / user), f"recourse_{service}")
    return found
