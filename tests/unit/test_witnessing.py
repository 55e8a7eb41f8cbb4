"""A witness cosigns what goes on from what it saw, remembers it first, and refuses the rest by name."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local.errors import UsageError
from deploy.local.evidence_files import read_notes, write_note, write_record
from deploy.local.witnessing import Remembered, Witness, WitnessRefusal
from shared.eventstore.log_keys import KeyBook
from shared.eventstore.merkle import consistency_proof, leaf_hash, root_of, spans_over
from shared.eventstore.notes import COSIGNATURE, Checkpoint, Note, SigningKey
from shared.messaging.evidence import CHECKPOINT, Evidence

KEY = SigningKey("recourse/intake", bytes(range(32)))
OWN = SigningKey("recourse.example/witness", bytes(range(1, 33)))
ORIGIN = "recourse/intake/0"
LEAVES = [leaf_hash(bytes([number])) for number in range(50)]
OTHERS = [*LEAVES[:5], leaf_hash(b"rewritten"), *LEAVES[6:]]


def note(size: int, leaves: Sequence[bytes] = LEAVES, key: SigningKey = KEY) -> bytes:
    text = Checkpoint(ORIGIN, size, root_of(leaves[:size])).text
    return Note(text, (key.sign(text),)).encode()


def proof(old: int, new: int, leaves: Sequence[bytes] = LEAVES) -> list[bytes]:
    return consistency_proof(old, new, spans_over(leaves))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return opened(tmp_path)


def opened(directory: Path, leaves: Sequence[bytes] | None = None) -> Witness:
    book, remembered = KeyBook([KEY.verifier()]), Remembered.load(directory / "state.json")
    return Witness(OWN, book, remembered, lambda _, old, new: proof(old, new, leaves) if leaves else None)


def test_what_goes_on_is_cosigned_by_the_witness(witness: Witness) -> None:
    witness.consider(note(10), 0, [], 100)
    cosigned = witness.consider(note(20), 10, proof(10, 20), 200)
    assert cosigned is not None
    assert cosigned.signed_by([OWN.verifier(COSIGNATURE), KEY.verifier()]) == [
        KEY.verifier(),
        OWN.verifier(COSIGNATURE),
    ]
    assert cosigned.signatures[-1].at == 200


def test_a_restarted_witness_remembers(tmp_path: Path) -> None:
    opened(tmp_path).consider(note(10), 0, [], 100)
    with pytest.raises(WitnessRefusal, match="two trees of 10 events"):
        opened(tmp_path).consider(note(10, OTHERS), 0, [], 200)


def test_an_older_checkpoint_is_passed_over_and_changes_nothing(witness: Witness) -> None:
    witness.consider(note(10), 0, [], 100)
    assert witness.consider(note(5), 0, [], 200) is None
    assert witness.remembered.heads[ORIGIN].size == 10


@pytest.mark.parametrize(
    ("raw", "old", "shown", "finding"),
    [
        (note(20, OTHERS), 10, proof(10, 20, OTHERS), "not_proved"),
        (note(20), 5, proof(5, 20), "not_proved"),
        (note(20), 10, [], "not_proved"),
        (note(10, OTHERS), 0, [], "forked"),
        (note(20, key=SigningKey("recourse/intake", bytes(32))), 10, proof(10, 20), "signature_wrong"),
    ],
)
def test_what_does_not_go_on_is_refused(
    witness: Witness, raw: bytes, old: int, shown: list[bytes], finding: str
) -> None:
    witness.consider(note(10), 0, [], 100)
    with pytest.raises(WitnessRefusal) as no:
        witness.consider(raw, old, shown, 200)
    assert (no.value.finding, no.value.origin) == (finding, ORIGIN)
    assert witness.remembered.heads[ORIGIN].size == 10, "what is refused is not remembered"


def test_a_proof_that_the_record_lacks_is_asked_for(tmp_path: Path) -> None:
    witness = opened(tmp_path, LEAVES)
    witness.consider(note(10), 0, [], 100)
    assert witness.consider(note(20), 5, proof(5, 20), 200) is not None


def test_a_log_that_was_rewritten_cannot_prove_itself(tmp_path: Path) -> None:
    witness = opened(tmp_path, OTHERS)
    witness.consider(note(10), 0, [], 100)
    with pytest.raises(WitnessRefusal, match="does not go on from that of 10") as no:
        witness.consider(note(20, OTHERS), 10, proof(10, 20, OTHERS), 200)
    assert no.value.finding == "rewritten"


def test_a_damaged_memory_is_told(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(UsageError, match="cannot be read as what a witness remembers"):
        opened(tmp_path)


def test_files_are_written_once_and_read_in_order_of_size(tmp_path: Path) -> None:
    headers = {"old": b"10", "proof": b"".join(proof(10, 20))}
    written = write_record(tmp_path, Evidence(CHECKPOINT, ORIGIN, note(20), headers, 0))
    first = write_note(tmp_path, note(10))
    assert written is not None
    assert first is not None
    assert write_note(tmp_path, note(10)) is None
    assert written.parent == tmp_path / ORIGIN
    assert written.stat().st_mode & 0o222 == 0
    found = list(read_notes(tmp_path))
    assert [(one.note, one.old, list(one.proof)) for one in found] == [
        (note(10), 0, []),
        (note(20), 10, proof(10, 20)),
    ]
