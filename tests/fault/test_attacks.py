"""An attacker with every right on the databases: whatever they do to a log is found, by name and place."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local.audit.findings import Finding
from deploy.local.audit.run import Scope
from tests.support.scene import LOGS, PARTS, Scene

pytestmark = [pytest.mark.backends, pytest.mark.fault]
LOG, PART, AT = "intake", 3, 10
HEAD = 27
HERE = Scope(LOG, PART)


@pytest_asyncio.fixture(loop_scope="session")
async def scene(calm: Scene) -> AsyncIterator[Scene]:
    """The same with a copy of one log, which a test may do anything to."""
    copied = calm.copy(LOG)
    yield copied
    copied.drop(calm)


def named(found: list[Finding]) -> set[tuple[str, int | None]]:
    assert all((one.log, one.part) == (LOG, PART) for one in found)
    return {(one.name, one.position) for one in found}


async def test_what_nobody_attacked_holds(calm: Scene) -> None:
    report = await calm.audit()
    assert report.findings.sorted() == []
    assert report.events == report.records == PARTS * 3 * 22
    assert report.judged.notes == 2 * 6 * PARTS  # in the database and on the topic; two logs were signed twice


async def test_a_byte_of_a_body_is_altered(scene: Scene) -> None:
    scene.attack(
        LOG,
        "UPDATE event SET body = set_byte(body, 30, get_byte(body, 30) # 1) WHERE log_part = %s AND position = %s",
        PART,
        AT,
    )
    [found] = await scene.finds()
    assert (found.name, found.log, found.part, found.position) == ("body_altered", LOG, PART, AT)
    event = (await scene.events(LOG, PART))[AT - 1]
    assert (found.event_id, found.case_id) == (event.event_id, event.stream_id)


async def test_a_body_is_altered_with_its_hash(scene: Scene) -> None:
    forge = "UPDATE event SET body = %s, body_hash = sha256(%s) WHERE log_part = %s AND position = %s"
    scene.attack(LOG, forge, b"{}", b"{}", PART, AT)
    assert ("header_altered", AT) in named(await scene.finds(scope=HERE))


HEADER: dict[str, Any] = {
    "event_id": uuid4(),
    "type": "intake.attempt_refused.v1",
    "stream_kind": "customer",
    "stream_id": uuid4(),
    "version": 99,
    "actor": "eve",
    "on_behalf_of": "sue",
    "via": "other",
    "command_id": uuid4(),
    "correlation_id": uuid4(),
    "causation_id": uuid4(),
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    "recorded_at": "2026-01-01T00:00:00Z",
    "received_at": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize("column", HEADER)
async def test_a_column_of_a_header_is_altered(scene: Scene, column: str) -> None:
    sql = f"UPDATE event SET {column} = %s WHERE log_part = %s AND position = %s"
    scene.attack(LOG, sql, HEADER[column], PART, AT)
    found = await scene.finds(scope=HERE)
    altered = [one for one in found if one.name == "header_altered"]
    assert named(altered) == {("header_altered", AT)}
    # The topic still tells what it was.
    assert f"{column} is" in altered[0].what


@pytest.mark.parametrize(("column", "name"), [("body_hash", "body_hash_altered"), ("chain_hash", "link_altered")])
async def test_a_hash_is_altered(scene: Scene, column: str, name: str) -> None:
    sql = f"UPDATE event SET {column} = sha256('eve') WHERE log_part = %s AND position = %s"
    scene.attack(LOG, sql, PART, AT)
    assert named(await scene.finds(scope=HERE)) >= {(name, AT)}


async def test_an_event_is_deleted(scene: Scene) -> None:
    gone = (await scene.events(LOG, PART))[AT - 1]
    scene.attack(LOG, "DELETE FROM event WHERE log_part = %s AND position = %s", PART, AT)
    found = await scene.finds(scope=HERE)
    assert ("event_missing", AT) in named(found)
    assert str(gone.event_id) in found[0].what


async def test_an_event_is_deleted_and_the_gap_is_closed(scene: Scene) -> None:
    scene.attack(LOG, "DELETE FROM event WHERE log_part = %s AND position = %s", PART, AT)
    scene.attack(LOG, "UPDATE event SET position = -position WHERE log_part = %s AND position > %s", PART, AT)
    scene.attack(LOG, "UPDATE event SET position = -position - 1 WHERE log_part = %s AND position < 0", PART)
    found = named(await scene.finds(scope=HERE))
    assert ("event_missing", AT) in found
    assert ("tail_cut", HEAD) in found


async def test_an_event_is_put_in_between(scene: Scene) -> None:
    scene.attack(LOG, "UPDATE event SET position = -position WHERE log_part = %s AND position >= %s", PART, AT)
    scene.attack(LOG, "UPDATE event SET position = 1 - position WHERE log_part = %s AND position < 0", PART)
    scene.attack(
        LOG,
        "INSERT INTO event SELECT log_part, %s, gen_random_uuid(), type, stream_kind, stream_id, 99, 'eve', NULL, via,"
        " NULL, correlation_id, NULL, NULL, recorded_at + interval '1 microsecond', NULL, body, body_hash, chain_hash"
        " FROM event WHERE log_part = %s AND position = %s",
        AT,
        PART,
        AT - 1,
    )
    assert ("event_inserted", AT) in named(await scene.finds(scope=HERE))


@pytest.mark.parametrize("position", [0, -5])
async def test_an_event_is_put_where_nobody_reads(scene: Scene, position: int) -> None:
    scene.attack(
        LOG,
        "INSERT INTO event SELECT log_part, %s, gen_random_uuid(), type, stream_kind, stream_id, 99, 'eve', NULL, via,"
        " NULL, correlation_id, NULL, NULL, recorded_at, NULL, body, body_hash, chain_hash"
        " FROM event WHERE log_part = %s AND position = 1",
        position,
        PART,
    )
    assert named(await scene.finds(scope=HERE)) == {("event_inserted", position)}


async def test_an_event_is_put_at_the_end(scene: Scene) -> None:
    scene.attack(
        LOG,
        "INSERT INTO event SELECT log_part, position + 1, gen_random_uuid(), type, stream_kind, stream_id, version + 1,"
        " 'eve', NULL, via, NULL, correlation_id, NULL, NULL, recorded_at + interval '1 second', NULL, body, body_hash,"
        " sha256(chain_hash) FROM event WHERE log_part = %s AND position = %s",
        PART,
        HEAD,
    )
    assert named(await scene.finds(scope=HERE)) == {("header_altered", HEAD + 1)}


@pytest.mark.parametrize("other", [AT + 1, AT + 7])
async def test_events_change_places(scene: Scene, other: int) -> None:
    move = "UPDATE event SET position = %s WHERE log_part = %s AND position = %s"
    for new, old in ((-1, AT), (AT, other), (other, -1)):
        scene.attack(LOG, move, new, PART, old)
    assert named(await scene.finds(scope=HERE)) >= {("order_changed", AT), ("order_changed", other)}


@pytest.mark.parametrize("columns", ["body", "body, body_hash", "stream_id, version", "stream_id, version, body"])
async def test_two_cases_are_swapped(scene: Scene, columns: str) -> None:
    """The events of two cases at positions that are neighbours in the partition."""
    one, other = (await scene.events(LOG, PART))[AT - 1 : AT + 1]
    assert one.stream_id != other.stream_id
    scene.attack(LOG, "ALTER TABLE event DROP CONSTRAINT event_stream_version")
    sets = ", ".join(f"{name} = b.{name}" for name in columns.split(", "))
    scene.attack(
        LOG,
        f"UPDATE event a SET {sets} FROM event b WHERE a.log_part = %s AND b.log_part = a.log_part"
        " AND a.position = ANY(%s) AND b.position = ANY(%s) AND a.position <> b.position",
        PART,
        [AT, AT + 1],
        [AT, AT + 1],
    )
    assert named(await scene.finds(scope=HERE)) >= {("cases_swapped", AT), ("cases_swapped", AT + 1)}


async def test_the_tail_is_cut(scene: Scene) -> None:
    scene.attack(LOG, "DELETE FROM event WHERE log_part = %s AND position > %s", PART, 20)
    assert named(await scene.finds(scope=HERE)) == {("tail_cut", 21)}


async def test_the_tail_is_cut_with_the_checkpoint_that_tells(scene: Scene) -> None:
    scene.attack(LOG, "DELETE FROM event WHERE log_part = %s AND position > %s", PART, 20)
    scene.attack(LOG, "DELETE FROM checkpoint WHERE log_part = %s AND size > %s", PART, 20)
    assert named(await scene.finds(scope=HERE)) == {("rolled_back", 21)}


async def test_a_database_is_rolled_back_to_an_old_backup(calm: Scene) -> None:
    old = calm.restore(LOG)
    try:
        found = await old.finds()
        back = [one for one in found if one.name == "rolled_back"]
        assert {(one.log, one.part) for one in back} == {(LOG, part) for part in range(PARTS)}
        # What others did in answer to what is gone.
        assert {one.name for one in found if one not in back} == {"cause_missing"}
    finally:
        old.drop(calm)


async def test_all_databases_are_rolled_back_together(calm: Scene) -> None:
    old = calm.restore(*LOGS)
    try:
        found = await old.finds()
        assert {(one.name, one.log) for one in found} == {("rolled_back", log) for log in LOGS if log != "triage"}
    finally:
        old.drop(calm)


async def test_history_is_rewritten_and_all_hashes_recomputed(scene: Scene) -> None:
    await scene.rewrite(LOG, PART, AT)
    found = await scene.finds(scope=HERE)
    assert named(found) == {("rewritten", AT)}
    assert "body differs" in found[0].what


async def test_history_is_rewritten_and_only_the_checkpoints_tell(scene: Scene) -> None:
    await scene.rewrite(LOG, PART, AT)
    # Without the topics it is known to be before the first root that does not hold.
    assert named(await scene.finds(scope=HERE, kafka=None)) == {("rewritten", 1)}


async def test_history_is_rewritten_and_the_checkpoints_are_deleted(scene: Scene) -> None:
    await scene.rewrite(LOG, PART, AT)
    scene.attack(LOG, "DELETE FROM checkpoint")
    found = await scene.finds(scope=HERE)
    assert {("rewritten", AT), ("checkpoint_missing", 18), ("checkpoint_missing", HEAD)} == named(found)


async def test_an_old_backup_is_gone_on_with(calm: Scene) -> None:
    """Restored, and so much recorded since that the log is longer than before."""
    old = calm.restore(LOG)
    try:
        more = (
            "SELECT append_event(%s::smallint, gen_random_uuid(), 'intake.case_closure_noted.v1', 'case', %s, %s,"
            " 'eve', NULL, 'x', NULL, gen_random_uuid(), NULL, NULL, NULL, NULL, convert_to('{}', 'UTF8'))"
        )
        case = (await old.events(LOG, PART))[0].stream_id
        version = sum(event.stream_id == case for event in await old.events(LOG, PART))
        for nth in range(1, 15):
            old.attack(LOG, more, PART, case, version + nth)
        found = [one for one in await old.finds(scope=HERE) if one.name == "rewritten"]
        assert named(found) == {("rewritten", 19)}
    finally:
        old.drop(calm)


async def test_what_a_command_recorded_is_altered(calm: Scene) -> None:
    attacked = calm.copy("approvals")
    try:
        attacked.attack("approvals", "UPDATE command SET events = 2 WHERE log_part = 0")
        attacked.attack("approvals", "DELETE FROM command WHERE log_part = 1")
        found = await attacked.finds()
        assert {(one.name, one.log, one.part) for one in found} == {
            ("command_wrong", "approvals", 0),
            ("command_missing", "approvals", 1),
        }
    finally:
        attacked.drop(calm)
