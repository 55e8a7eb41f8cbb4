"""A service's charter is the truth: what it listens to, what it publishes, and that nothing is lost on the way."""

import ast
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaRouter

from shared.contracts.catalogue import OWNERS
from shared.contracts.event import REGISTRY, UPCASTERS, Fact
from shared.messaging.broker import make_broker, topics_of
from shared.messaging.charter import Charter
from tests.support.tree import DECIDING, SERVICES, module_of, parsed, sources

every_service = pytest.mark.parametrize("service", SERVICES)
NOWHERE = "127.0.0.1:1"


def charter_of(service: str) -> Charter:
    charter = import_module(f"services.{service}").CHARTER
    assert isinstance(charter, Charter)
    return charter


def subscribers_of(service: str) -> list[Any]:
    """Give the subscribers as they are once the service's router is part of its broker; nothing is connected."""
    router: KafkaRouter = import_module(f"services.{service}.subscribers").router
    return list(make_broker(NOWHERE, router).subscribers)


def facts_in(folder: str, *, made: bool) -> Iterator[tuple[Path, type[Fact]]]:
    """Give the fact classes that code constructs (`made`), or that it names at all, with the file that does."""
    for path in sources(folder):
        tree = parsed(path)
        calls = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute) and (not made or id(node) in calls):
                named = getattr(module_of(path), node.id if isinstance(node, ast.Name) else node.attr, None)
                if isinstance(named, type) and issubclass(named, Fact) and named.TYPE:
                    yield path, named


@every_service
def test_it_owns_what_it_is_called(service: str) -> None:
    assert charter_of(service).owner == service


@every_service
def test_it_subscribes_to_what_its_charter_says_and_to_nothing_else(service: str) -> None:
    topics = [topic.name for subscriber in subscribers_of(service) for topic in subscriber.topics]
    assert sorted(topics) == sorted(topics_of(charter_of(service)))
    assert service not in charter_of(service).listens


@every_service
def test_its_consumer_group_is_its_own(service: str) -> None:
    assert {subscriber.group_id for subscriber in subscribers_of(service)} == {service}


@every_service
def test_no_subscriber_acknowledges_before_its_work_is_done(service: str) -> None:
    assert [subscriber.ack_policy for subscriber in subscribers_of(service)] == [AckPolicy.NACK_ON_ERROR]


def test_a_policy_on_the_broker_would_not_have_reached_an_included_router() -> None:
    router = KafkaRouter()

    @router.subscriber("some.events")
    async def on_event(body: bytes) -> None:
        raise AssertionError(body)

    broker = KafkaBroker(NOWHERE, ack_policy=AckPolicy.NACK_ON_ERROR)
    broker.include_router(router)
    assert [subscriber.ack_policy for subscriber in broker.subscribers] == [AckPolicy.ACK_FIRST]


def test_every_published_type_is_in_exactly_one_charter_its_owners() -> None:
    published = Counter(wire for service in SERVICES for wire in charter_of(service).publishes)
    assert published == Counter(wire for wire in REGISTRY if wire not in UPCASTERS)
    for service in SERVICES:
        assert [wire for wire in charter_of(service).publishes if wire.partition(".")[0] != service] == []


@every_service
def test_it_records_only_what_its_charter_publishes(service: str) -> None:
    publishes = charter_of(service).publishes
    strange = {f"{path}: {fact.TYPE}" for path, fact in facts_in(f"services/{service}", made=True)}
    assert {line for line in strange if line.rpartition(" ")[2] not in publishes} == set()


@pytest.mark.parametrize("service", DECIDING)
def test_it_records_all_that_its_charter_publishes(service: str) -> None:
    made = {fact.TYPE for _, fact in facts_in(f"services/{service}", made=True)}
    assert set(charter_of(service).publishes) - made == set()


@every_service
def test_it_knows_the_facts_of_those_it_listens_to_and_of_nobody_else(service: str) -> None:
    owners = {fact.TYPE.partition(".")[0] for _, fact in facts_in(f"services/{service}", made=False)}
    assert owners - {service} == set(charter_of(service).listens)


def test_everybody_is_heard() -> None:
    assert {owner for service in SERVICES for owner in charter_of(service).listens} == set(OWNERS)
    assert set(charter_of("casebook").listens) == set(OWNERS)
    assert charter_of("casebook").publishes == ()
