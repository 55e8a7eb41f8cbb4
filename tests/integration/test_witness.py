"""A witness that follows the topic: its cosignatures stand in Kafka, once, and a log that forked gets none."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from rich.console import Console

from deploy.local.cli.audit_witness import Watch
from deploy.local.cli.context import Context
from deploy.local.evidence_files import read_notes
from deploy.local.home import Home
from deploy.local.witnessing import Remembered, Witness
from shared.eventstore.log_keys import KeyBook, KeyRing, new_key
from shared.eventstore.notes import COSIGNATURE, Checkpoint, Note, SigningKey, origin_of
from shared.messaging.evidence import CHECKPOINT, COSIGNED, Evidence, EvidenceReader, send
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase
from tests.support.log import LOG, PARTS
from tests.support.sealing import SealedLog, sealed_log

pytestmark = pytest.mark.backends
OWN = SigningKey("recourse.example/witness", bytes(range(32)))


@pytest.fixture
async def sealed(
    service_database: MakeServiceDatabase, postgres_admin_url: str, kafka_bootstrap: str, tmp_path: Path
) -> AsyncIterator[SealedLog]:
    async with sealed_log(service_database, postgres_admin_url, kafka_bootstrap, tmp_path) as opened:
        yield opened


def watch(sealed: SealedLog, directory: Path, pinned: KeyBook) -> Watch:
    """Give a witness as a new process has it."""
    context = Context(Home(directory / "home"), False, Console(quiet=True), Console(quiet=True))
    remembered = Remembered.load(directory / "state.json")
    return Watch(context, Witness(OWN, pinned, remembered, lambda *_: None), directory / "notes")


async def cosigned(sealed: SealedLog, keys: KeyBook) -> list[Note]:
    async with EvidenceReader(sealed.bootstrap, PARTS) as reader:
        notes = [Note.parse(one.value) for one in await reader.everything() if one.kind == COSIGNED]
    return [note for note in notes if keys.signers(note)]


def own(refused: list[dict[str, str]]) -> list[dict[str, str]]:
    """What was refused for another reason than that other tests' logs have other keys."""
    return [one for one in refused if one["finding"] != "signature_wrong"]


async def test_what_holds_is_cosigned_once_through_a_change_of_keys(sealed: SealedLog, tmp_path: Path) -> None:
    case, sealer = new_id(), sealed.sealer()
    pinned = KeyBook([sealed.ring().current.verifier()])
    await sealed.append(case, 0, 5)
    await sealer.seal()
    first = watch(sealed, tmp_path, pinned)
    await first.follow_kafka(sealed.bootstrap, once=True)
    assert first.cosigned == 1
    sealed.key_file.write_text(KeyRing(new_key(LOG), sealed.ring().current).encode())
    await sealed.append(case, 5, 5)
    await sealer.seal()
    await sealed.append(case, 10, 1)
    await sealer.seal()
    second = watch(sealed, tmp_path, KeyBook(pinned.trusted[:1]))
    await second.follow_kafka(sealed.bootstrap, once=True)
    assert (second.cosigned, own(second.refused)) == (1, [])
    await watch(sealed, tmp_path, KeyBook(pinned.trusted[:1])).follow_kafka(sealed.bootstrap, once=True)
    made = await cosigned(sealed, second.witness.book)
    assert [Checkpoint.parse(note.text).size for note in made] == [5, 11], "each once, and only the largest"
    assert all(note.signed_by([OWN.verifier(COSIGNATURE)]) for note in made)
    assert {one.note for one in read_notes(tmp_path / "notes")} >= {note.encode() for note in made}


async def test_a_second_tree_of_the_same_size_is_refused(sealed: SealedLog, tmp_path: Path) -> None:
    case = new_id()
    part = sealed.store.part_of(case)
    pinned = KeyBook([sealed.ring().current.verifier()])
    await sealed.append(case, 0, 5)
    await sealed.sealer().seal()
    await watch(sealed, tmp_path, pinned).follow_kafka(sealed.bootstrap, once=True)
    text = Checkpoint(origin_of(LOG, part), 5, bytes(32)).text
    forged = Note(text, (sealed.ring().current.sign(text),)).encode()
    producer = AIOKafkaProducer(bootstrap_servers=sealed.bootstrap)
    await producer.start()
    try:
        await send(producer, [Evidence(CHECKPOINT, origin_of(LOG, part), forged, {}, part)])
    finally:
        await producer.stop()
    again = watch(sealed, tmp_path, pinned)
    await again.follow_kafka(sealed.bootstrap, once=True)
    assert [(one["finding"], one["origin"]) for one in own(again.refused)] == [("forked", origin_of(LOG, part))]
    assert again.cosigned == 1, "what was written after it does not keep the right one from being cosigned"
    assert bytes(32) not in [Checkpoint.parse(note.text).root for note in await cosigned(sealed, pinned)]
