"""Publishing a policy: a version's content never changes, takes effect in the future, and is found again by time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.policies.publishing import (
    NOTICE,
    PublishPolicy,
    Versions,
    content_hash,
    decide,
    make_publishing,
)
from services.triage.domain.policies.registry import Published, Registry
from shared.contracts.event import Fact
from shared.contracts.triage_policy import PolicyPublicationRefused, PolicyPublished, policy_stream
from shared.kernel.errors import NotFound

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FILES = {"pack.yaml": "id: parcels", "clauses.yaml": "[]"}


def publish(version: str = "1", *, after: timedelta | None = None, clauses: str = "[]") -> PublishPolicy:
    effective = None if after is None else NOW + after
    return PublishPolicy("parcels", version, {**FILES, "clauses.yaml": clauses}, NOW, "mara", effective)


def published_by(*commands: PublishPolicy) -> Versions:
    rules, facts = make_publishing(), list[Fact]()
    for command in commands:
        facts += rules.decide(command, rules.fold(facts))
    return rules.fold(facts)


def test_a_first_version_is_in_force_at_once_and_holds_every_file() -> None:
    (fact,) = decide(publish(), Versions())
    assert isinstance(fact, PolicyPublished)
    assert {file.path: file.text for file in fact.content} == FILES
    assert (fact.effective_from, fact.sha256) == (NOW, content_hash(FILES))
    assert fact.stream_id == policy_stream("parcels")


def test_the_same_again_changes_nothing() -> None:
    assert decide(publish(), published_by(publish())) == []


def test_a_version_with_other_content_is_refused() -> None:
    (fact,) = decide(publish(clauses="[{}]"), published_by(publish()))
    assert isinstance(fact, PolicyPublicationRefused)
    assert fact.reason_code == "version_taken"


@pytest.mark.parametrize(("seconds", "accepted"), [(-1, False), (0, False), (4.9, False), (5, True), (86400, True)])
def test_a_later_version_takes_effect_only_when_every_process_can_know_it(seconds: float, accepted: bool) -> None:
    (fact,) = decide(publish("2", after=timedelta(seconds=seconds)), published_by(publish()))
    assert isinstance(fact, PolicyPublished) is accepted


def test_a_later_version_without_a_time_takes_effect_as_soon_as_may_be() -> None:
    (fact,) = decide(publish("2"), published_by(publish()))
    assert isinstance(fact, PolicyPublished)
    assert fact.effective_from == NOW + NOTICE


@given(
    st.dictionaries(st.text(min_size=1), st.text(), min_size=1),
    st.dictionaries(st.text(min_size=1), st.text(), min_size=1),
)
def test_two_contents_have_one_hash_only_if_they_are_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    assert (content_hash(one) == content_hash(other)) is (one == other)
    assert content_hash(dict(reversed(one.items()))) == content_hash(one)


def version(number: int, minute: int) -> Published:
    return Published("parcels", f"v{number}", NOW + timedelta(minutes=minute), "0" * 64, "mara", number)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.integers(-5, 25))
def test_the_version_in_force_is_the_newest_that_had_begun(minutes: list[int], at: int) -> None:
    registry = Registry()
    for number, minute in enumerate(minutes, start=1):
        registry = registry.adding(version(number, minute))
    when = NOW + timedelta(minutes=at)
    got = registry.in_force("parcels", when)
    begun = [one for one in registry.policies["parcels"] if one.effective_from <= when]
    if begun:
        assert got in begun
        assert all((one.effective_from, one.number) <= (got.effective_from, got.number) for one in begun)
    else:
        assert got.effective_from == min(one.effective_from for one in registry.policies["parcels"])


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.integers(0, 20))
def test_a_version_published_later_never_changes_what_was_in_force_before_it(minutes: list[int], later: int) -> None:
    registry = Registry()
    for number, minute in enumerate(minutes, start=1):
        registry = registry.adding(version(number, minute))
    more = registry.adding(version(len(minutes) + 1, 21 + later))
    for minute in range(21 + later):
        when = NOW + timedelta(minutes=minute)
        assert more.in_force("parcels", when) == registry.in_force("parcels", when)


def test_a_version_is_found_by_name_and_an_unknown_one_names_those_there_are() -> None:
    registry = Registry().adding(version(1, 0)).adding(version(2, 5)).adding(version(1, 9))
    assert registry.get("parcels", "v1").effective_from == NOW
    with pytest.raises(NotFound, match="use one of v1, v2"):
        registry.get("parcels", "v3")
    with pytest.raises(NotFound, match="use one of parcels"):
        registry.in_force("shop", NOW)
