"""The topics that are deployed are those that the code speaks of, and they forget nothing."""

from deploy.topics import declared_topics, every_topic
from shared.messaging.evidence import EVIDENCE
from shared.messaging.topics import TOPICS, owner_of, topic_of
from shared.runtime.settings import ServiceSettings


def test_the_declared_topics_are_those_of_the_code() -> None:
    assert [topic.name for topic in declared_topics()] == list(TOPICS.values())


def test_the_evidence_has_a_topic_beside_those_of_facts() -> None:
    assert [topic.name for topic in every_topic()] == [*TOPICS.values(), EVIDENCE]


def test_a_topic_has_one_partition_for_each_log_partition() -> None:
    parts = ServiceSettings.model_fields["log_parts"].default
    assert {topic.partitions for topic in every_topic()} == {parts}


def test_facts_are_kept_for_ever() -> None:
    for topic in every_topic():
        assert topic.config["cleanup.policy"] == "delete", "compaction would lose facts"
        assert topic.config["retention.ms"] == topic.config["retention.bytes"] == "-1"


def test_a_topic_names_its_owner() -> None:
    assert {owner: owner_of(topic_of(owner)) for owner in TOPICS} == {owner: owner for owner in TOPICS}
