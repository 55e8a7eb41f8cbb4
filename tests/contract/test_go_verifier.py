"""Go's transparency-log packages agree with our proofs, and with nothing that was altered in them."""

import json
import random
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.eventstore.merkle import consistency_proof, event_leaf, inclusion_proof, root_of, spans_over
from shared.eventstore.notes import Checkpoint, Note, SigningKey
from tests.support.go_tool import go_verifier, judged

__all__ = ["go_verifier"]

Claim = dict[str, Any]
KEY = SigningKey("recourse/intake", bytes(range(32)))
OTHER = SigningKey("recourse/triage", bytes(range(1, 33)))
STRANGER = SigningKey("recourse/intake", bytes(range(2, 34)))
DRAW = random.Random(20261124)
HALVES = [(DRAW.randbytes(32), DRAW.randbytes(32)) for _ in range(3000)]
LEAVES = [event_leaf(*halves) for halves in HALVES]
SPANS = spans_over(LEAVES)
ORIGIN = "recourse/intake/3"


def text(data: bytes) -> str:
    return b64encode(data).decode()


def signed(size: int, key: SigningKey = KEY, origin: str = ORIGIN) -> str:
    point = Checkpoint(origin, size, root_of(LEAVES[:size]))
    return Note(point.text, (key.sign(point.text),)).encode().decode()


def inclusion() -> Claim:
    size = DRAW.randint(2, len(LEAVES))
    index = DRAW.randrange(size)
    header, body = HALVES[index]
    return {
        "origin": ORIGIN,
        "position": index + 1,
        "header_hash": text(header),
        "body_hash": text(body),
        "proof": [text(one) for one in inclusion_proof(index, size, SPANS)],
        "note": signed(size),
    }


def consistency() -> Claim:
    new = DRAW.randint(3, len(LEAVES))
    old = DRAW.randrange(1, new)
    proof = consistency_proof(old, new, SPANS)
    return {"old_note": signed(old), "new_note": signed(new), "proof": [text(one) for one in proof]}


def claims(count: int) -> list[Claim]:
    return [inclusion() if number % 2 else consistency() for number in range(count)]


def flipped(encoded: str) -> str:
    data = bytearray(b64decode(encoded))
    data[DRAW.randrange(len(data))] ^= 1 << DRAW.randrange(8)
    return text(bytes(data))


def alter_a_hash(claim: Claim) -> None:
    at = DRAW.randrange(len(claim["proof"]))
    claim["proof"][at] = flipped(claim["proof"][at])


def drop_a_hash(claim: Claim) -> None:
    del claim["proof"][DRAW.randrange(len(claim["proof"]))]


def add_a_hash(claim: Claim) -> None:
    claim["proof"].insert(DRAW.randint(0, len(claim["proof"])), text(DRAW.randbytes(32)))


def alter_the_note(claim: Claim) -> None:
    """Another root or another signature, in either note of the claim."""
    name = DRAW.choice([one for one in ("note", "old_note", "new_note") if one in claim])
    lines = claim[name].split("\n")
    if DRAW.random() < 0.5:
        lines[2] = flipped(lines[2])
    else:
        head, _, signature = lines[4].rpartition(" ")
        lines[4] = f"{head} {flipped(signature)}"
    claim[name] = "\n".join(lines)


def sign_with_a_strange_key(claim: Claim) -> None:
    name = "note" if "note" in claim else "new_note"
    size = int(claim[name].split("\n")[1])
    claim[name] = signed(size, DRAW.choice([STRANGER, OTHER]))


def name_another_place(claim: Claim) -> None:
    if "position" in claim:
        size = int(claim["note"].split("\n")[1])
        claim["position"] = DRAW.choice(
            [one for one in (0, size + 1, claim["position"] + 1, 1) if one != claim["position"]]
        )
    else:
        claim["new_note"], claim["old_note"] = claim["old_note"], claim["new_note"]


def alter_the_event(claim: Claim) -> None:
    if "position" in claim:
        half = DRAW.choice(["header_hash", "body_hash"])
        claim[half] = flipped(claim[half])
    else:
        size = int(claim["old_note"].split("\n")[1])
        claim["old_note"] = signed(size, origin="recourse/intake/4")


ALTERATIONS: list[Callable[[Claim], None]] = [
    alter_a_hash,
    drop_a_hash,
    add_a_hash,
    alter_the_note,
    sign_with_a_strange_key,
    name_another_place,
    alter_the_event,
]


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    file = tmp_path / "keys.txt"
    file.write_text(f"# whom we trust\n{KEY.verifier().vkey}\n{OTHER.verifier().vkey}\n")
    return file


def test_a_thousand_proofs_hold(go_verifier: Path, keys_file: Path) -> None:
    said = judged(go_verifier, keys_file, claims(1000))
    assert len(said) == 1000
    assert [one for one in said if not one["holds"]] == []


def test_a_thousand_altered_proofs_do_not_hold(go_verifier: Path, keys_file: Path) -> None:
    altered = claims(1000)
    for number, claim in enumerate(altered):
        ALTERATIONS[number % len(ALTERATIONS)](claim)
    said = judged(go_verifier, keys_file, altered)
    assert len(said) == 1000
    assert [json.dumps(claim) for claim, one in zip(altered, said, strict=True) if one["holds"]] == []
