"""The sealer signs what the log holds, goes on after a crash, and signs no history that changed."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.eventstore import checkpoints
from shared.eventstore.log_keys import KeyBook, KeyRing, KeyStatement, new_key
from shared.eventstore.merkle import (
    consistency_holds,
    consistency_spans,
    inclusion_holds,
    inclusion_spans,
    root_of,
)
from shared.eventstore.notes import Checkpoint, Note
from shared.eventstore.tiles import Tree
from shared.messaging.evidence import CHECKPOINT, STATEMENT, Evidence, EvidenceReader
from shared.runtime import witnessed
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase
from tests.support.log import LOG, PARTS
from tests.support.sealing import SealedLog, sealed_log

pytestmark = pytest.mark.backends


@pytest.fixture
async def sealed(
    service_database: MakeServiceDatabase, postgres_admin_url: str, kafka_bootstrap: str, tmp_path: Path
) -> AsyncIterator[SealedLog]:
    async with sealed_log(service_database, postgres_admin_url, kafka_bootstrap, tmp_path) as opened:
        yield opened


async def in_kafka(sealed: SealedLog, kind: str = CHECKPOINT) -> list[Evidence]:
    """Give what the topic has under this log's own keys."""
    async with EvidenceReader(sealed.bootstrap, PARTS) as reader:
        every = await reader.everything()
    ring = sealed.ring()
    keys = [ring.current.verifier(), *([ring.previous.verifier()] if ring.previous else [])]
    return [one for one in every if one.kind == kind and Note.parse(one.value).signed_by(keys)]


async def test_every_partition_is_signed_over_the_root_of_its_events_and_told_to_kafka(sealed: SealedLog) -> None:
    for _ in range(30):
        await sealed.append(new_id(), 0, 3)
    sealer = sealed.sealer()
    signed = await sealer.seal()
    key = sealed.ring().current.verifier()
    assert sum(one.size for one in signed.values()) == 90
    for part, one in signed.items():
        note = Note.parse(one.note)
        assert note.signed_by([key]) == [key]
        assert Checkpoint.parse(note.text) == one.checkpoint(LOG)
        assert one.root == root_of(await sealed.leaves(part))
    assert {one.value for one in await in_kafka(sealed)} == {one.note for one in signed.values()}
    assert await sealer.seal() == signed, "nothing is new, so nothing is signed"


async def test_proofs_hold_over_full_and_partial_tiles(sealed: SealedLog) -> None:
    case = new_id()
    part = sealed.store.part_of(case)
    sealer = sealed.sealer()
    sizes: list[int] = []
    for count in (200, 56, 1, 400, 700):
        await sealed.fill(part, case, sum(sizes[-1:]), count)
        sizes.append((await sealer.seal())[part].size)
    leaves = await sealed.leaves(part)
    roots = {size: root_of(leaves[:size]) for size in sizes}
    draw = random.Random(7)
    async with sealed.database.connection() as tx:
        tree = Tree(tx.raw, LOG, part)
        for size in sizes:
            assert await tree.root(size) == roots[size]
            for index in {0, size - 1, *(draw.randrange(size) for _ in range(20))}:
                proof = await tree.roots(inclusion_spans(index, size))
                assert inclusion_holds(leaves[index], index, size, proof, roots[size])
            for old in [one for one in sizes if one <= size]:
                proof = await tree.roots(consistency_spans(old, size))
                assert consistency_holds(old, size, roots[old], roots[size], proof)


async def test_each_checkpoint_in_kafka_proves_that_it_goes_on_from_the_one_before(sealed: SealedLog) -> None:
    case = new_id()
    part, sealer = sealed.store.part_of(case), sealed.sealer()
    for after in (0, 100, 200, 300):
        await sealed.fill(part, case, after, 100)
        await sealer.seal()
    told = await in_kafka(sealed)
    points = [Checkpoint.parse(Note.parse(one.value).text) for one in told]
    assert [point.size for point in points] == [100, 200, 300, 400]
    for before, point, one in zip(points, points[1:], told[1:], strict=False):
        proof = [one.headers["proof"][i : i + 32] for i in range(0, len(one.headers["proof"]), 32)]
        assert one.number("old") == before.size
        assert consistency_holds(before.size, point.size, before.root, point.root, proof)


async def test_a_tree_of_two_levels_of_tiles_is_the_plain_tree(sealed: SealedLog) -> None:
    case = new_id()
    part = sealed.store.part_of(case)
    await sealed.fill(part, case, 0, 66_000)
    signed = (await sealed.sealer().seal())[part]
    leaves = await sealed.leaves(part)
    assert signed.root == root_of(leaves)
    async with sealed.database.connection() as tx:
        assert await tx.raw.fetchval("SELECT count(*) FROM tile WHERE level = 1") == 1
        for index in (0, 65_535, 65_536, 65_999):
            proof = await Tree(tx.raw, LOG, part).roots(inclusion_spans(index, signed.size))
            assert inclusion_holds(leaves[index], index, signed.size, proof, signed.root)


async def test_a_sealer_that_was_killed_goes_on_where_it_was(
    sealed: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = new_id()
    part = sealed.store.part_of(case)
    await sealed.fill(part, case, 0, 10_000)
    keep, kept = Tree._keep, 0

    async def die(self: Tree, level: int, first: int, tiles: Sequence[bytes]) -> list[bytes]:
        nonlocal kept
        kept += 1
        if kept == 2:
            raise ConnectionResetError("killed")
        return await keep(self, level, first, tiles)

    monkeypatch.setattr(Tree, "_keep", die)
    with pytest.raises(ConnectionResetError):
        await sealed.sealer().seal()
    async with sealed.database.connection() as tx:
        before = await tx.raw.fetchval("SELECT count(*) FROM tile")
        assert (before, await checkpoints.newest(tx.raw, PARTS)) == (16, {}), "one page was kept, and nothing signed"
    signed = (await sealed.sealer().seal())[part]
    assert kept == 4, "the first page is not computed again"
    assert signed.root == root_of(await sealed.leaves(part))


async def test_what_is_signed_while_kafka_is_away_goes_out_later(
    sealed: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealer, case = sealed.sealer(), new_id()
    await sealed.append(case, 0, 2)
    first = await sealer.seal()

    async def away(*_: object) -> None:
        raise KafkaConnectionError("away")

    with monkeypatch.context() as patch:
        patch.setattr(witnessed, "send", away)
        patch.setattr(EvidenceReader, "news", away)
        await sealed.append(case, 2, 2)
        await sealer.seal()
        await sealed.append(case, 4, 2)
        last = await sealer.seal()
    assert len(await in_kafka(sealed)) == len(first)
    assert await sealer.seal() == last
    assert [Checkpoint.parse(Note.parse(one.value).text).size for one in await in_kafka(sealed)] == [2, 4, 6]


async def rewrite(sealed: SealedLog, part: int, position: int, *, chain: bool) -> None:
    """Alter a body, and make the hashes of all that follow right again as far as `chain` says."""
    async with sealed.attacker() as raw:
        await raw.execute(
            "UPDATE event SET body = body || ' '::bytea, body_hash = sha256(body || ' '::bytea)"
            " WHERE log_part = $1 AND position = $2",
            part,
            position,
        )
        last = await raw.fetchval("SELECT max(position) FROM event WHERE log_part = $1", part)
        for at in range(position, last + 1 if chain else position):
            await raw.execute(
                """UPDATE event e SET chain_hash = sha256(coalesce((SELECT b.chain_hash FROM event b
                    WHERE b.log_part = e.log_part AND b.position = e.position - 1),
                    sha256(convert_to('approvals/' || e.log_part, 'UTF8'))) || event_header_hash(e) || e.body_hash)
                WHERE log_part = $1 AND position = $2""",
                part,
                at,
            )


async def alter_a_byte(sealed: SealedLog, part: int) -> None:
    await rewrite(sealed, part, 7, chain=False)


async def rewrite_all_hashes(sealed: SealedLog, part: int) -> None:
    await rewrite(sealed, part, 7, chain=True)


async def cut_the_tail(sealed: SealedLog, part: int) -> None:
    async with sealed.attacker() as raw:
        await raw.execute("DELETE FROM event WHERE log_part = $1 AND position > 15", part)


async def rewrite_and_forget_the_checkpoints(sealed: SealedLog, part: int) -> None:
    await rewrite(sealed, part, 7, chain=True)
    async with sealed.attacker() as raw:
        await raw.execute("TRUNCATE checkpoint, tile")


async def roll_back_to_an_old_backup(sealed: SealedLog, part: int) -> None:
    await cut_the_tail(sealed, part)
    async with sealed.attacker() as raw:
        await raw.execute("TRUNCATE checkpoint, tile")


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize(
    ("attack", "finding"),
    [
        (alter_a_byte, "chain_broken"),
        (rewrite_all_hashes, "rewritten"),
        (cut_the_tail, "rolled_back"),
        (rewrite_and_forget_the_checkpoints, "rewritten"),
        (roll_back_to_an_old_backup, "rolled_back"),
    ],
)
async def test_a_history_that_changed_is_not_signed(
    sealed: SealedLog, attack: Callable[[SealedLog, int], object], finding: str, restarted: bool
) -> None:
    case, other = new_id(), new_id()
    while (part := sealed.store.part_of(case)) == sealed.store.part_of(other):
        other = new_id()
    sealer = sealed.sealer()
    await sealed.append(case, 0, 20)
    await sealer.seal()
    result = attack(sealed, part)
    await result  # type: ignore[misc] # every attack is a coroutine function
    if finding != "rolled_back":
        await sealed.append(case, 20, 1)
    await sealed.append(other, 0, 1)
    told = len(await in_kafka(sealed))
    again = sealed.sealer() if restarted else sealer
    signed = await again.seal()
    assert again.refused[part].kind == finding
    assert signed[sealed.store.part_of(other)].size == 1, "what holds is signed"
    assert len(await in_kafka(sealed)) == told + 1


async def test_a_topic_that_lost_its_checkpoints_gets_them_again(
    sealed: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed.append(new_id(), 0, 3)
    await sealed.sealer().seal()
    first = await in_kafka(sealed)
    monkeypatch.setattr(EvidenceReader, "look_back", _nothing)
    await sealed.sealer().seal()
    assert [one.value for one in await in_kafka(sealed)] == [one.value for one in first] * 2


async def _nothing(*_: object) -> list[Evidence]:
    return []


async def test_a_key_is_handed_over_by_a_statement_that_old_pins_follow(sealed: SealedLog) -> None:
    case = new_id()
    sealer, part = sealed.sealer(), sealed.store.part_of(case)
    await sealed.append(case, 0, 5)
    await sealer.seal()
    old = sealed.ring()
    ring = KeyRing(new_key(LOG), old.current)
    sealed.key_file.write_text(ring.encode())
    both = Note.parse((await sealer.seal())[part].note)
    assert len(both.signed_by([old.current.verifier(), ring.current.verifier()])) == 2
    await sealed.append(case, 5, 5)
    after = Note.parse((await sealer.seal())[part].note)
    assert after.signed_by([old.current.verifier()]) == []
    (statement,) = await in_kafka(sealed, STATEMENT)
    book = KeyBook([old.current.verifier()])
    (stated,) = book.follow([statement.value])
    assert stated.sizes[part] == 5
    assert book.signers(after) == [ring.current.verifier()]
    forged = replace(Checkpoint.parse(after.text), size=11)
    assert book.signers(Note(forged.text, (old.current.sign(forged.text),))) == [], "an old key signs nothing new"
    sealed.key_file.write_text(KeyRing(ring.current).encode())
    await sealed.append(case, 10, 1)
    assert (await sealer.seal())[part].size == 11
    assert len([KeyStatement.parse(Note.parse(one.value).text) for one in await in_kafka(sealed, STATEMENT)]) == 1


async def test_a_running_sealer_signs_by_itself(sealed: SealedLog) -> None:
    case = new_id()
    running = asyncio.create_task(sealed.sealer(seconds=0.05).run())
    try:
        for after in (0, 3):
            await sealed.append(case, after, 3)
            async with asyncio.timeout(60), sealed.database.connection() as tx:
                while await checkpoints.of_size(tx.raw, sealed.store.part_of(case), after + 3) is None:
                    await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_tiles_that_were_taken_away_are_told_and_made_again_from_the_events(sealed: SealedLog) -> None:
    case = new_id()
    part, sealer = sealed.store.part_of(case), sealed.sealer()
    await sealed.fill(part, case, 0, 1000)
    await sealer.seal()
    async with sealed.attacker() as raw:
        await raw.execute("DELETE FROM tile WHERE log_part = $1 AND number = 1", part)
    await sealed.fill(part, case, 1000, 10)
    await sealer.seal()
    assert sealer.refused[part].kind == "tiles_missing"
    async with sealed.attacker() as raw:
        await raw.execute("DELETE FROM tile WHERE log_part = $1", part)
    assert (await sealer.seal())[part].root == root_of(await sealed.leaves(part))
    assert sealer.refused == {}
