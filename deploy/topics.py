"""The topics that `deploy/topics.yaml` declares, and making them on a broker.

Usage: python -m deploy.topics BOOTSTRAP [REPLICATION]
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

TOPICS_FILE = Path(__file__).parent / "topics.yaml"


@dataclass(frozen=True)
class Topic:
    """One topic as declared: its name, how many partitions, its broker-side settings."""

    name: str
    partitions: int
    config: dict[str, str]


def declared_topics(path: Path = TOPICS_FILE) -> list[Topic]:
    """The topics of facts in `path`, in its order."""
    return _declared(path, "topics")


def every_topic(path: Path = TOPICS_FILE) -> list[Topic]:
    """Every topic of `path`: those of facts, and that of the evidence."""
    return [*_declared(path, "topics"), *_declared(path, "evidence")]


def _declared(path: Path, section: str) -> list[Topic]:
    document = yaml.safe_load(path.read_text())
    defaults = document["defaults"]
    return [Topic(name, defaults["partitions"], dict(defaults["config"])) for name in document[section]]


async def create_topics(bootstrap: str, topics: Sequence[Topic], replication: int = 1) -> None:
    """Make the topics that do not exist yet; those that do are left as they are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = [
            NewTopic(t.name, num_partitions=t.partitions, replication_factor=replication, topic_configs=t.config)
            for t in topics
        ]
        response = await admin.create_topics(wanted, timeout_ms=30_000)
        for name, code, *_ in response.topic_errors:
            error = for_code(code)
            if code != 0 and error is not TopicAlreadyExistsError:
                raise error(name)
    finally:
        await admin.close()


if __name__ == "__main__":
    asyncio.run(create_topics(sys.argv[1], every_topic(), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
