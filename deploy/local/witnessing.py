"""A witness: one who remembers what a log has signed, and cosigns only what goes on from it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.errors import UsageError
from deploy.local.secret_files import write_secret
from shared.eventstore.log_keys import KeyBook
from shared.eventstore.merkle import consistency_holds
from shared.eventstore.notes import Checkpoint, Note, SigningKey, with_signatures

# Gives the proof from one size of an origin to another, or None if nobody can.
Prove = Callable[[str, int, int], Sequence[bytes] | None]


class WitnessRefusal(Exception):
    """A checkpoint that a witness does not cosign: `finding` names why."""

    def __init__(self, finding: str, origin: str, what: str) -> None:
        super().__init__(what)
        self.finding = finding
        self.origin = origin


@dataclass
class Remembered:
    """The largest checkpoint that a witness has seen of each origin, kept in a file."""

    file: Path
    heads: dict[str, Checkpoint] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path) -> "Remembered":
        """Read the file, nothing is remembered if there is none; UsageError if it is damaged."""
        try:
            raw = json.loads(file.read_text())
            return cls(file, {name: Checkpoint(name, one["size"], b64decode(one["root"])) for name, one in raw.items()})
        except FileNotFoundError:
            return cls(file)
        except (ValueError, TypeError, KeyError, OSError) as error:
            raise UsageError(
                f"{file} cannot be read as what a witness remembers: {error}", "Name another --state."
            ) from error

    def save(self) -> None:
        """Write the file, whole or not at all."""
        heads = {name: {"size": one.size, "root": b64encode(one.root).decode()} for name, one in self.heads.items()}
        write_secret(self.file, json.dumps(heads, indent=2, sort_keys=True).encode())


@dataclass
class Witness:
    """Checks checkpoints one after the other and cosigns those that hold."""

    key: SigningKey
    book: KeyBook
    remembered: Remembered
    prove: Prove

    def consider(self, raw: bytes, old: int, proof: Sequence[bytes], at: int) -> Note | None:
        """Give the note with a cosignature at a time in seconds since 1970; None if it is older than what was seen.

        `proof` shows that the tree goes on from `old` leaves; where that is not what was seen last, another is asked
        for. What is seen is kept in the file before it is cosigned. Raises WitnessRefusal, and NoteError for no note.
        """
        note = Note.parse(raw)
        point = Checkpoint.parse(note.text)
        if not self.book.signers(note):
            raise WitnessRefusal("signature_wrong", point.origin, "no key that is trusted signed it")
        last = self.remembered.heads.get(point.origin)
        if last is not None and point.size < last.size:
            return None
        if last is not None and point.size == last.size and point.root != last.root:
            raise WitnessRefusal("forked", point.origin, f"two trees of {point.size} events were signed")
        if last is not None and point.size > last.size:
            self._goes_on(last, point, old, proof)
        if last != point:
            self.remembered.heads[point.origin] = point
            self.remembered.save()
        return with_signatures(note, [self.key.cosign(note.text, at)])

    def _goes_on(self, last: Checkpoint, point: Checkpoint, old: int, proof: Sequence[bytes]) -> None:
        if old == last.size and consistency_holds(last.size, point.size, last.root, point.root, proof):
            return
        asked = self.prove(point.origin, last.size, point.size)
        if asked is None:
            told = f"nobody proves that {point.size} events go on from the {last.size} seen last"
            raise WitnessRefusal("not_proved", point.origin, told)
        if not consistency_holds(last.size, point.size, last.root, point.root, asked):
            told = f"the tree of {point.size} events does not go on from that of {last.size}, which was signed before"
            raise WitnessRefusal("rewritten", point.origin, told)
