"""An attacker with every right on the databases and on Kafka: whatever they do is found, by name and place."""

import pytest
import pytest_asyncio

from tests.support.backends import MakeServiceDatabase
from tests.support.scene import Scene, make_scene

pytestmark = [pytest.mark.backends, pytest.mark.fault]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def calm(
    postgres_admin_url: str,
    kafka_bootstrap: str,
    service_database: MakeServiceDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scene:
    """The logs before anybody attacked them."""
    return await make_scene(postgres_admin_url, kafka_bootstrap, service_database, tmp_path_factory.mktemp("keys"))


async def test_what_nobody_attacked_holds(calm: Scene) -> None:
    report = await calm.audit()
    assert report.findings.sorted() == []
    assert report.events == report.records == 8 * 3 * 22
    assert report.judged.notes == 2 * 2 * 4 * 8  # twice signed, in the database and on the topic
