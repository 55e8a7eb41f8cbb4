"""One topic an owner; the Kafka partition is the log partition, the key is the stream id."""

from shared.contracts.catalogue import OWNERS

TOPICS = {owner: f"{owner}.events" for owner in OWNERS}


def topic_of(owner: str) -> str:
    """Give the topic that an owner publishes to."""
    return TOPICS[owner]


def owner_of(topic: str) -> str:
    """Give the owner that publishes to a topic."""
    return topic.removesuffix(".events")
