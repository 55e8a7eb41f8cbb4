"""The hash chain notices every change, and the log partition of a stream never changes."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.event import Recorded
from shared.eventstore.chain import genesis, header_hash, next_link
from shared.eventstore.partition import log_part
from tests.support.log import withdrawn
from tests.support.recorded import recorded

MICROSECOND = timedelta(microseconds=1)
EVENT = recorded(withdrawn(UUID(int=5)))._replace(
    event_id=UUID(int=1),
    on_behalf_of="sun.li",
    command_id=UUID(int=2),
    causation_id=UUID(int=3),
    traceparent=f"00-{1:032x}-{2:016x}-01",
    received_at=datetime(2026, 11, 23, 9, 59, tzinfo=UTC),
)
OTHER: dict[str, Any] = {
    "event_id": UUID(int=9),
    "type": "approvals.exception_withdrawn.v2",
    "log": "triage",
    "log_part": 1,
    "position": 2,
    "stream_kind": "policy",
    "stream_id": UUID(int=9),
    "version": 2,
    "actor": "eve",
    "on_behalf_of": None,
    "via": "smtp",
    "command_id": None,
    "correlation_id": UUID(int=9),
    "causation_id": None,
    "traceparent": None,
    "recorded_at": EVENT.recorded_at + MICROSECOND,
    "received_at": None,
    "body": EVENT.body + b" ",
}
DERIVED = {"body_hash", "chain_hash"}
links = st.binary(min_size=32, max_size=32)


def test_every_field_of_a_record_is_under_the_chain() -> None:
    assert OTHER.keys() == set(Recorded._fields) - DERIVED


@pytest.mark.parametrize("field", OTHER)
def test_a_change_of_any_field_changes_the_link(field: str) -> None:
    changed = EVENT._replace(**{field: OTHER[field]})
    assert next_link(genesis("approvals", 0), changed) != next_link(genesis("approvals", 0), EVENT)
    assert (header_hash(changed) != header_hash(EVENT)) == (field != "body")


@given(st.lists(st.text(max_size=5), min_size=2, max_size=6), st.data())
def test_a_change_anywhere_changes_every_later_link(actors: list[str], data: st.DataObject) -> None:
    chain = [EVENT._replace(position=n, actor=actor) for n, actor in enumerate(actors, start=1)]
    at = data.draw(st.integers(0, len(chain) - 1))
    forged = [*chain[:at], chain[at]._replace(actor=chain[at].actor + "!"), *chain[at + 1 :]]
    honest, other = _links(chain), _links(forged)
    assert honest[:at] == other[:at]
    assert all(a != b for a, b in zip(honest[at:], other[at:], strict=True))


def _links(chain: list[Recorded]) -> list[bytes]:
    link, made = genesis("approvals", 0), []
    for event in chain:
        link = next_link(link, event)
        made.append(link)
    return made


@given(links, st.text(), st.text())
def test_text_cannot_slip_from_one_field_into_the_next(previous: bytes, actor: str, via: str) -> None:
    one = EVENT._replace(actor=actor + via, via="")
    other = EVENT._replace(actor=actor, via=via)
    assert (next_link(previous, one) == next_link(previous, other)) == (via == "")


@given(links)
def test_the_link_can_be_made_from_the_hashes_alone(previous: bytes) -> None:
    from_hashes = sha256(previous + header_hash(EVENT) + sha256(EVENT.body).digest()).digest()
    assert next_link(previous, EVENT) == from_hashes


def test_no_two_log_partitions_begin_alike() -> None:
    assert (
        len({genesis(log, part) for log in ("intake", "triage", "approvals", "followup") for part in range(64)}) == 256
    )


@given(st.uuids(), st.integers(1, 64))
def test_a_stream_falls_into_one_of_the_parts(stream: UUID, parts: int) -> None:
    assert 0 <= log_part(stream, parts) < parts
    assert log_part(stream, parts) == log_part(UUID(str(stream)), parts)


@pytest.mark.parametrize(
    ("stream", "part"),
    [
        (UUID("00000000-0000-0000-0000-000000000000"), 5),
        (UUID("01a207ad-3fde-7001-84bf-5122f344554c"), 7),
        (UUID("ffffffff-ffff-ffff-ffff-ffffffffffff"), 2),
    ],
)
def test_the_part_of_a_stream_is_for_ever(stream: UUID, part: int) -> None:
    assert log_part(stream, 8) == part


def test_streams_made_one_after_another_spread_over_the_parts() -> None:
    times = Counter(log_part(UUID(int=(0x019_0A00_0000 + n) << 80 | 0x7 << 76 | 0x8 << 60 | n), 8) for n in range(8000))
    assert times.keys() == set(range(8))
    assert max(times.values()) < 1.2 * min(times.values())
