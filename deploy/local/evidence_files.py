"""Evidence as files: one a note, under names that say what is in them and are never written twice."""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from shared.eventstore.merkle import HASH_BYTES
from shared.eventstore.notes import Checkpoint, Note, NoteError
from shared.messaging.evidence import STATEMENT, Evidence


@dataclass(frozen=True)
class FiledNote:
    """A note from a directory, and the proof beside it that its tree goes on from `old` leaves."""

    path: Path
    note: bytes
    old: int
    proof: tuple[bytes, ...]


def hashes(joined: bytes) -> tuple[bytes, ...]:
    """Give the hashes that a record holds in a row."""
    return tuple(joined[i : i + HASH_BYTES] for i in range(0, len(joined), HASH_BYTES))


def write_note(directory: Path, note: bytes, *, old: int = 0, proof: tuple[bytes, ...] = ()) -> Path | None:
    """Write a checkpoint or statement below `directory`; None if it is there already.

    A checkpoint of `recourse/intake/3` over 1,234 events is `recourse/intake/3/000000001234-HASH.note`; its proof has
    the same name and ends in `.proof`, as the head of an add-checkpoint request of the C2SP has it. NoteError if it is
    no note.
    """
    text = Note.parse(note).text
    place = text.split("\n", 1)[0]
    mark = sha256(note).hexdigest()[:16]
    if place.endswith("/keys"):
        path = directory / place / f"{mark}.note"
    else:
        path = directory / place / f"{Checkpoint.parse(text).size:012d}-{mark}.note"
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    if proof or old:
        lines = [f"old {old}", *(b64encode(one).decode() for one in proof)]
        _write_once(path.with_suffix(".proof"), "".join(f"{line}\n" for line in lines).encode())
    _write_once(path, note)
    return path


def write_record(directory: Path, record: Evidence) -> Path | None:
    """Write what the topic has; None if it is there already."""
    proof = () if record.kind == STATEMENT else hashes(record.headers.get("proof", b""))
    return write_note(directory, record.value, old=record.number("old"), proof=proof)


def read_notes(directory: Path) -> Iterator[FiledNote]:
    """Give every note below `directory`, of each origin from the smallest tree to the largest."""
    for path in sorted(directory.rglob("*.note")):
        beside = path.with_suffix(".proof")
        lines = beside.read_text().split("\n")[:-1] if beside.exists() else ["old 0"]
        try:
            proof = tuple(b64decode(line, validate=True) for line in lines[1:])
            old = int(lines[0].removeprefix("old "))
        except ValueError as error:
            raise NoteError(f"{beside} is no proof: {error}", "Export it again.") from error
        yield FiledNote(path, path.read_bytes(), old, proof)


def _write_once(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.chmod(0o444)
    temporary.rename(path)
