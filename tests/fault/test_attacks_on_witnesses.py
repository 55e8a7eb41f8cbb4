"""An attacker with every right on Kafka, on the checkpoints and with a key of their own: found, by name and place."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from deploy.local.audit.findings import Finding
from deploy.local.audit.run import Scope
from shared.eventstore.log_keys import KeyRing, new_key
from shared.eventstore.notes import Checkpoint, Note, SigningKey, origin_of
from shared.messaging.codec import Wire, encode
from shared.messaging.evidence import CHECKPOINT, Evidence
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


def header(wire: Wire, name: str, value: bytes) -> Wire:
    return wire._replace(headers=[(key, value if key == name else old) for key, old in wire.headers])


HEADERS = {
    "ce_actor": b"eve",
    "ce_id": b"01a20e59-142e-7047-987e-2ebbedd0c773",
    "ce_time": b"2026-01-01T00:00:00+00:00",
    "ce_streamversion": b"9",
    "ce_type": b"io.recourse.intake.attempt_refused.v1",
    "ce_chainhash": b"00" * 32,
}


@pytest.mark.parametrize("name", HEADERS)
async def test_a_header_of_a_record_is_altered(calm: Scene, name: str) -> None:
    wires = await calm.records(LOG, PART)
    wires[AT - 1] = header(wires[AT - 1], name, HEADERS[name])
    attacked = await calm.republish(LOG, {PART: wires})
    assert named(await attacked.finds(scope=HERE)) == {("kafka_differs", AT)}


async def test_the_value_or_the_key_of_a_record_is_altered(calm: Scene) -> None:
    wires = await calm.records(LOG, PART)
    wires[AT - 1] = wires[AT - 1]._replace(value=wires[AT - 1].value + b" ")
    wires[AT] = wires[AT]._replace(key=b"eve")
    attacked = await calm.republish(LOG, {PART: wires})
    assert named(await attacked.finds(scope=HERE)) == {("kafka_differs", AT), ("kafka_differs", AT + 1)}


async def test_a_record_is_left_out(calm: Scene) -> None:
    wires = await calm.records(LOG, PART)
    attacked = await calm.republish(LOG, {PART: [*wires[: AT - 1], *wires[AT:]]})
    assert named(await attacked.finds(scope=HERE)) == {("kafka_missing", AT)}


@pytest.mark.parametrize("left", [20, 0])
async def test_the_tail_of_a_topic_is_dropped(calm: Scene, left: int) -> None:
    wires = await calm.records(LOG, PART)
    attacked = await calm.republish(LOG, {PART: wires[:left]})
    assert named(await attacked.finds(scope=HERE)) == {("kafka_tail_cut", left + 1)}


async def test_records_come_again_after_a_crash_and_that_is_no_attack(calm: Scene) -> None:
    wires = await calm.records(LOG, PART)
    again = await calm.republish(LOG, {PART: [*wires[:20], *wires[15:]]})
    report = await again.audit(scope=HERE)
    assert report.findings.sorted() == []
    assert report.repeated == 5


async def test_a_record_that_comes_again_is_another(calm: Scene) -> None:
    wires = await calm.records(LOG, PART)
    again = header(wires[AT - 1], "ce_actor", b"eve")
    attacked = await calm.republish(LOG, {PART: [*wires[:AT], again, *wires[AT:]]})
    assert named(await attacked.finds(scope=HERE)) == {("kafka_differs", AT)}


async def test_a_record_is_put_in_that_the_log_never_had(calm: Scene) -> None:
    wires = await calm.records(LOG, PART)
    more = header(header(wires[-1], "ce_position", str(HEAD + 1).encode()), "ce_actor", b"eve")
    attacked = await calm.republish(LOG, {PART: [*wires, more]})
    assert named(await attacked.finds(scope=HERE)) == {("kafka_ahead", HEAD + 1)}


async def test_history_is_rewritten_in_the_database_and_on_the_topic_alike(scene: Scene) -> None:
    events = await scene.events(LOG, PART)
    await scene.rewrite(LOG, PART, AT)
    forgery = await scene.events(LOG, PART)
    assert forgery != events
    attacked = await scene.republish(LOG, {PART: [encode(event) for event in forgery]})
    # Only the signed roots tell: it is before the first that does not hold.
    assert named(await attacked.finds(scope=HERE)) == {("rewritten", 1)}


async def checkpoint_of(scene: Scene, size: int = HEAD) -> Note:
    with psycopg.connect(scene.dsn(LOG)) as raw:
        row = raw.execute("SELECT note FROM checkpoint WHERE log_part = %s AND size = %s", [PART, size]).fetchone()
    assert row is not None
    return Note.parse(row[0])


def put(scene: Scene, note: Note, size: int = HEAD, **columns: Any) -> None:
    sets = "".join(f", {name} = %s" for name in columns)
    scene.attack(
        LOG,
        f"UPDATE checkpoint SET note = %s{sets} WHERE log_part = %s AND size = %s",
        note.encode(),
        *columns.values(),
        PART,
        size,
    )


def signed(by: SigningKey, root: bytes, size: int = HEAD) -> Note:
    text = Checkpoint(origin_of(LOG, PART), size, root).text
    return Note(text, (by.sign(text),))


async def test_a_checkpoint_is_deleted(scene: Scene) -> None:
    scene.attack(LOG, "DELETE FROM checkpoint WHERE log_part = %s AND size = %s", PART, HEAD)
    assert named(await scene.finds(scope=HERE)) == {("checkpoint_missing", HEAD)}


async def test_a_checkpoint_is_forged_with_another_key(scene: Scene) -> None:
    put(scene, signed(new_key(LOG), b"e" * 32), root=b"e" * 32)
    assert named(await scene.finds(scope=HERE)) >= {("signer_unknown", HEAD)}


async def test_the_text_of_a_checkpoint_is_altered(scene: Scene) -> None:
    note = await checkpoint_of(scene)
    other = Checkpoint(origin_of(LOG, PART), HEAD, b"e" * 32).text
    put(scene, Note(other, note.signatures))
    assert named(await scene.finds(scope=HERE)) >= {("signature_wrong", HEAD)}


async def test_a_row_says_other_than_the_checkpoint_in_it(scene: Scene) -> None:
    put(scene, await checkpoint_of(scene), root=b"e" * 32)
    assert named(await scene.finds(scope=HERE)) >= {("signature_wrong", HEAD)}


async def test_a_checkpoint_is_replaced_by_noise(scene: Scene) -> None:
    scene.attack(LOG, "UPDATE checkpoint SET note = 'x' WHERE log_part = %s AND size = %s", PART, HEAD)
    found = await scene.finds(scope=HERE)
    assert {"checkpoint_unreadable", "checkpoint_missing"} == {one.name for one in found}


async def test_two_histories_are_signed_with_the_real_key(scene: Scene) -> None:
    key = scene.rings[LOG].current
    more = await scene.witnessed()
    forgery = signed(key, b"e" * 32).encode()
    attacked = await scene.witness_anew([*more, Evidence(CHECKPOINT, origin_of(LOG, PART), forgery, {}, PART)])
    assert ("split_view", HEAD) in named(await attacked.finds(scope=HERE))


async def test_the_witness_topic_loses_a_checkpoint(calm: Scene) -> None:
    evidence = [one for one in await calm.witnessed() if one.key != origin_of(LOG, PART)]
    attacked = await calm.witness_anew(evidence)
    assert named(await attacked.finds(scope=HERE)) == {("witness_missing", 18), ("witness_missing", HEAD)}


async def test_an_export_remembers_what_database_and_topic_forgot(calm: Scene, tmp_path: Path) -> None:
    """Everything was rolled back, the topics too; a copy of a checkpoint lies in a safe."""
    (tmp_path / "copy").write_bytes((await checkpoint_of(calm)).encode())
    old = calm.restore(*LOGS)
    try:
        for log in LOGS:
            lanes = {part: [encode(one) for one in await old.events(log, part)] for part in range(PARTS)}
            old = await old.republish(log, lanes)
        size = {log: {one.position for one in await old.events(log, PART)} for log in LOGS}
        evidence = [one for one in await calm.witnessed() if Checkpoint.parse(Note.parse(one.value).text).size <= 18]
        old = await old.witness_anew(evidence)
        found = await old.finds(scope=HERE, directories=(tmp_path,))
        assert size[LOG] == set(range(1, 19))
        assert ("rolled_back", 19) in named(found)
    finally:
        old.drop(calm)


async def test_a_key_that_was_followed_signs_again(scene: Scene, tmp_path: Path) -> None:
    old = scene.rings[LOG].current
    rotated = replace(scene, rings={**scene.rings, LOG: KeyRing(new_key(LOG), old)})
    kept = await scene.witnessed()
    await rotated.seal(LOG, tmp_path)
    try:
        # The auditor still has the old key alone, and follows the statement.
        assert await rotated.finds(scope=HERE) == []
        forgery = signed(old, b"e" * 32, HEAD + 1)
        put(rotated, forgery, root=b"e" * 32)
        assert ("key_retired", HEAD + 1) in named(await rotated.finds(scope=HERE))
    finally:
        assert len(await scene.witnessed()) > len(kept)


async def test_nothing_is_trusted_for_being_found_somewhere(calm: Scene) -> None:
    stranger = new_key(LOG).verifier()
    found = await calm.finds(scope=HERE, keys=[stranger])
    assert {one.name for one in found} == {"signer_unknown"}


async def test_events_are_left_unsigned(scene: Scene) -> None:
    scene.attack(LOG, "DELETE FROM checkpoint")
    attacked = await scene.witness_anew([])
    assert (await attacked.audit(scope=HERE, kafka=None)).findings.notes
    later = datetime(2099, 1, 1, tzinfo=UTC)
    found = (await attacked.audit(now=later, scope=HERE, kafka=None)).findings.sorted()
    assert named(found) == {("not_signed", 1)}
