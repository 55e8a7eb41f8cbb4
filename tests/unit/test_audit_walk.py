"""What an auditor's walk over a log partition finds, and how it is named."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.audit.evidence import DATABASE, Against, Point, weigh
from deploy.local.audit.explain import explain
from deploy.local.audit.findings import NAMES, Finding, Findings
from deploy.local.audit.header import header_writer, microseconds
from deploy.local.audit.walk import Walk
from shared.contracts.event import REGISTRY, Recorded
from shared.eventstore.chain import header_hash
from shared.eventstore.merkle import event_leaf, root_of
from tests.support.attacked import LOG, PART, chained, history, rows, streams
from tests.support.log import PARTS

EVENTS = history(12)
HEAD = len(EVENTS)


def walked(events: Sequence[Recorded], sizes: Sequence[int] = (), pages: int = 5) -> Walk:
    walk = Walk(LOG, PART, PARTS, sizes=sizes)
    for first in range(0, len(events), pages):
        walk.page(rows(events[first : first + pages]))
    return walk


def found_in(events: Sequence[Recorded]) -> list[Finding]:
    walk = walked(events)
    explain(walk, walk.findings)
    return walk.findings.sorted()


def names(events: Sequence[Recorded]) -> set[str]:
    return {finding.name for finding in found_in(events)}


def changed(at: int, **fields: Any) -> list[Recorded]:
    return [event._replace(**fields) if event.position == at else event for event in EVENTS]


def test_a_whole_log_has_no_findings() -> None:
    assert found_in(EVENTS) == []


def test_the_root_at_a_size_is_that_of_rfc_6962() -> None:
    leaves = [event_leaf(header_hash(event), event.body_hash) for event in EVENTS]
    walk = walked(EVENTS, sizes=[1, 7, 12, 99])
    assert {size: walk.roots[size] for size in (1, 7, 12)} == {size: root_of(leaves[:size]) for size in (1, 7, 12)}
    assert 99 not in walk.roots


@given(
    st.text(max_size=20),
    st.text(max_size=20) | st.none(),
    st.text(max_size=20) | st.none(),
    st.uuids() | st.none(),
    st.datetimes(timezones=st.just(UTC)),
)
def test_the_fast_header_is_the_one_that_is_chained(
    actor: str, behalf: str | None, trace: str | None, command: UUID | None, at: datetime
) -> None:
    event = EVENTS[3]._replace(actor=actor, on_behalf_of=behalf, traceparent=trace, command_id=command, recorded_at=at)
    assert sha256(header_writer(LOG, PART)(rows([event])[0])).digest() == header_hash(event)


OTHER: dict[str, Any] = {
    "event_id": UUID(int=7),
    "type": "approvals.exception_used.v1",
    "stream_kind": "policy",
    "stream_id": streams(9)[8],
    "version": 40,
    "actor": "eve",
    "on_behalf_of": "sue",
    "via": "smtp",
    "command_id": UUID(int=8),
    "correlation_id": UUID(int=9),
    "causation_id": UUID(int=10),
    "traceparent": None,
    "recorded_at": EVENTS[4].recorded_at.replace(microsecond=1),
    "received_at": None,
}


@pytest.mark.parametrize("field", OTHER)
def test_a_changed_header_is_named_where_it_is(field: str) -> None:
    found = [one for one in found_in(changed(5, **{field: OTHER[field]})) if one.name == "header_altered"]
    assert [(one.log, one.part, one.position) for one in found] == [(LOG, PART, 5)]


def test_a_changed_byte_of_a_body_is_named_where_it_is() -> None:
    found = found_in(changed(5, body=EVENTS[4].body.replace(b"ana", b"eve")))
    assert [(one.name, one.position, one.event_id) for one in found] == [("body_altered", 5, EVENTS[4].event_id)]


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"body_hash": b"x" * 32}, "body_hash_altered"), ({"chain_hash": b"x" * 32}, "link_altered")],
)
def test_a_changed_hash_is_told_from_a_changed_event(fields: dict[str, Any], name: str) -> None:
    assert [(one.name, one.position) for one in found_in(changed(5, **fields))] == [(name, 5)]


def test_a_body_that_was_changed_with_its_hash_is_found() -> None:
    body = EVENTS[4].body.replace(b"ana", b"eve")
    assert names(changed(5, body=body, body_hash=sha256(body).digest())) == {"header_altered"}


def test_a_deleted_event_is_missing() -> None:
    found = found_in([event for event in EVENTS if event.position not in (5, 6)])
    assert ("event_missing", 5) in [(one.name, one.position) for one in found]
    assert {one.name for one in found} <= {"event_missing", "version_wrong"}


def test_a_gap_that_was_closed_and_an_event_that_was_put_in_are_told_from_altered_ones() -> None:
    closed = [event for event in EVENTS if event.position != 5]
    closed = [event._replace(position=at) for at, event in enumerate(closed, start=1)]
    assert ("event_missing", 5) in [(one.name, one.position) for one in found_in(closed)]
    more = [*EVENTS[:4], EVENTS[4]._replace(event_id=UUID(int=5), actor="eve"), *EVENTS[4:]]
    more = [event._replace(position=at) for at, event in enumerate(more, start=1)]
    assert ("event_inserted", 5) in [(one.name, one.position) for one in found_in(more)]


def exchanged(one: int, other: int) -> list[Recorded]:
    by_position = {event.position: event for event in EVENTS}
    by_position[one], by_position[other] = by_position[other], by_position[one]
    return [event._replace(position=at) for at, event in sorted(by_position.items())]


@pytest.mark.parametrize("pair", [(5, 6), (5, 9), (1, 12)])
def test_events_that_changed_places_are_named_with_the_place_they_had(pair: tuple[int, int]) -> None:
    found = [one for one in found_in(exchanged(*pair)) if one.name not in ("time_reversed", "version_wrong")]
    assert {(one.name, one.position) for one in found} == {("order_changed", at) for at in pair}
    assert f"position {pair[1]}" in found[0].what


def swap(*fields: str) -> Callable[[], list[Recorded]]:
    def make() -> list[Recorded]:
        one, other = EVENTS[4], EVENTS[6]
        mine = {name: getattr(other, name) for name in fields}
        theirs = {name: getattr(one, name) for name in fields}
        return [
            event._replace(**mine) if event is one else event._replace(**theirs) if event is other else event
            for event in EVENTS
        ]

    return make


@pytest.mark.parametrize(
    "swapped",
    [swap("body"), swap("stream_id", "version"), swap("body", "body_hash"), swap("stream_id", "version", "body")],
)
def test_cases_that_were_swapped_are_named_so(swapped: Callable[[], list[Recorded]]) -> None:
    found = [one for one in found_in(swapped()) if one.name != "version_wrong"]
    assert {(one.name, one.position) for one in found} == {("cases_swapped", 5), ("cases_swapped", 7)}


def test_an_event_put_in_at_the_end_without_its_hashes_is_found() -> None:
    more = EVENTS[-1]._replace(position=13, event_id=UUID(int=5), version=5, recorded_at=OTHER["recorded_at"])
    assert {"header_altered", "time_reversed"} <= names([*EVENTS, more])


def test_versions_times_and_partitions_are_judged_though_the_hashes_hold() -> None:
    stranger = next(UUID(int=n) for n in range(1, 99) if UUID(int=n) not in streams(40))
    wrong = chained(
        [
            *EVENTS[:6],
            EVENTS[6]._replace(version=9),
            EVENTS[7]._replace(recorded_at=EVENTS[5].recorded_at),
            EVENTS[8]._replace(stream_id=stranger, version=1),
        ]
    )
    assert [(one.name, one.position) for one in found_in(wrong)] == [
        ("version_wrong", 7),
        ("time_reversed", 8),
        ("wrong_part", 9),
    ]


def weighed(events: Sequence[Recorded], points: Sequence[Point], head: int | None = None) -> list[Finding]:
    walk = walked(events, sizes=[point.size for point in points])
    weigh(walk, None, Against(tuple(points)), 0, len(events) if head is None else head, walk.findings)
    return walk.findings.sorted()


def point(size: int, events: Sequence[Recorded] = EVENTS, where: str = DATABASE) -> Point:
    leaves = [event_leaf(header_hash(event), event.body_hash) for event in events[:size]]
    return Point(size, root_of(leaves), where)


def test_a_history_that_was_rewritten_with_all_its_hashes_is_between_the_roots_that_hold_and_do_not() -> None:
    forged = chained([*EVENTS[:7], EVENTS[7]._replace(actor="eve"), *EVENTS[8:]])
    assert found_in(forged) == []
    found = weighed(forged, [point(4), point(6), point(10), point(12)])
    assert [(one.name, one.position) for one in found] == [("rewritten", 7)]


def test_a_cut_tail_is_told_from_a_database_that_is_older() -> None:
    cut = EVENTS[:9]
    assert [(one.name, one.position) for one in weighed(cut, [point(6), point(12)])] == [("tail_cut", 10)]
    outside = point(12, where="the witness topic")
    assert [(one.name, one.position) for one in weighed(cut, [point(6), outside])] == [("rolled_back", 10)]


def test_an_altered_event_is_named_once_though_roots_differ_too() -> None:
    found = weighed(changed(5, actor="eve"), [point(4), point(12)])
    assert [(one.name, one.position) for one in found] == [("header_altered", 5)]


@given(st.data())
def test_no_change_of_one_byte_goes_unseen(data: st.DataObject) -> None:
    at = data.draw(st.integers(1, HEAD))
    body = bytearray(EVENTS[at - 1].body)
    spot = data.draw(st.integers(0, len(body) - 1))
    body[spot] ^= data.draw(st.integers(1, 255))
    first = found_in(changed(at, body=bytes(body)))[0]
    assert (first.name, first.position) == ("body_altered", at)


@given(st.permutations(list(range(HEAD))))
def test_no_order_but_the_recorded_one_goes_unseen(order: list[int]) -> None:
    moved = [EVENTS[place]._replace(position=at) for at, place in enumerate(order, start=1)]
    assert bool(found_in(moved)) == (order != sorted(order))


def test_every_type_of_fact_hashes_alike() -> None:
    write = header_writer(LOG, PART)
    for kind, cls in REGISTRY.items():
        event = EVENTS[0]._replace(type=kind, stream_kind=cls.STREAM)
        assert sha256(write(rows([event])[0])).digest() == header_hash(event)


def test_every_finding_has_a_meaning_and_names_have_one_form() -> None:
    assert all(name.islower() and meaning.endswith(".") for name, meaning in NAMES.items())
    with pytest.raises(AssertionError):
        Findings().add(Finding("no_such_name", "?"))


def test_times_are_counted_in_microseconds() -> None:
    assert microseconds(datetime(1970, 1, 1, 0, 0, 1, 5, UTC)) == 1_000_005
