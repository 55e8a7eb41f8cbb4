"""What the attackers' tests share: making it takes longer than all attacks on it."""

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
import pytest_asyncio

from deploy.local.databases import ServiceDatabase, create_service_database, drop_database
from tests.support.backends import ROLE_PASSWORD
from tests.support.scene import Scene, make_scene


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calm(
    postgres_admin_url: str, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """The logs before anybody attacked them."""

    def make(log: str) -> ServiceDatabase:
        name = f"recourse_{log}_{token_hex(4)}"
        return create_service_database(postgres_admin_url, log, name, ROLE_PASSWORD, ROLE_PASSWORD)

    made = await make_scene(postgres_admin_url, kafka_bootstrap, make, tmp_path_factory.mktemp("keys"))
    yield made
    for name in [*(database.name for database in made.databases.values()), *made.backups.values()]:
        drop_database(postgres_admin_url, name)
