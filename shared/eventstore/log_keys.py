"""The keys of a log: their file, the statements by which one follows another, and whom a verifier trusts for what."""

import base64
import binascii
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from shared.eventstore.notes import ED25519, Checkpoint, Note, NoteError, SigningKey, VerifierKey, key_name
from shared.kernel.errors import MalformedInput

PRIVATE = "PRIVATE+KEY+"
ROTATED = "rotated"
REVOKED = "revoked"


@dataclass(frozen=True)
class KeyRing:
    """The private keys of a log: the one that signs, and the one that it follows until that is stated.

    `revoked_from` is set when the key before is not to be trusted from then on.
    """

    current: SigningKey
    previous: SigningKey | None = None
    revoked_from: datetime | None = None

    @classmethod
    def parse(cls, text: str, field_name: str = "key file") -> "KeyRing":
        """Read a key file: a line for the key, maybe one for the key before; MalformedInput if it is none."""
        lines = [line.split() for line in text.splitlines() if line.strip()]
        if not 1 <= len(lines) <= 2 or len(lines[0]) != 1 or (len(lines) == 2 and len(lines[1]) not in (1, 3)):
            raise MalformedInput(
                "is no key file", field=field_name, fix="one line with the key, and one with the key before it, if any"
            )
        try:
            keys = [parse_private(line[-1]) for line in lines]
            revoked = datetime.fromisoformat(lines[1][1]) if len(lines) == 2 and len(lines[1]) == 3 else None
        except (NoteError, ValueError) as error:
            raise MalformedInput(
                str(error), field=field_name, fix="make a key with recourse audit rotate-key"
            ) from error
        return cls(keys[0], keys[1] if len(keys) == 2 else None, revoked)

    @classmethod
    def read(cls, path: Path) -> "KeyRing":
        """Read a key file; MalformedInput names the file."""
        try:
            text = path.read_text()
        except OSError as error:
            raise MalformedInput(
                f"cannot be read: {error.strerror}", field=str(path), fix="name the file with the log's private key"
            ) from error
        return cls.parse(text, str(path))

    def encode(self) -> str:
        """Give the text of the key file."""
        before = f"{REVOKED} {instant(self.revoked_from)} " if self.revoked_from else ""
        previous = f"{before}{private_line(self.previous)}\n" if self.previous else ""
        return f"{private_line(self.current)}\n{previous}"


@dataclass(frozen=True)
class KeyStatement:
    """What a log said of its keys: from `at` on `new` signs instead of `old`, whose last trees had `sizes`."""

    name: str
    kind: str
    at: datetime
    old: VerifierKey
    new: VerifierKey
    sizes: Mapping[int, int]

    @property
    def text(self) -> str:
        """The text that both keys sign."""
        head = f"{self.name}/keys\n{self.kind} {instant(self.at)}\n{self.old.vkey}\n{self.new.vkey}\n"
        return head + "".join(f"{part} {size}\n" for part, size in sorted(self.sizes.items()))

    @classmethod
    def parse(cls, text: str) -> "KeyStatement":
        """Read the text of a statement; NoteError if it is none."""
        lines = text.split("\n")
        try:
            kind, _, at = lines[1].partition(" ")
            sizes = {int(part): int(size) for part, size in (line.split(" ") for line in lines[4:-1])}
            stated = cls(
                lines[0].removesuffix("/keys"),
                kind,
                datetime.fromisoformat(at),
                VerifierKey.parse(lines[2]),
                VerifierKey.parse(lines[3]),
                sizes,
            )
        except (IndexError, ValueError) as error:
            raise NoteError(f"the note is no statement about keys: {error}", "Give the whole note.") from error
        if stated.text != text or kind not in (ROTATED, REVOKED) or stated.old.name != stated.new.name != stated.name:
            raise NoteError("the note is no statement about keys", "Give the whole note.")
        return stated


@dataclass
class KeyBook:
    """The keys that a verifier trusts: those it was given, and those that follow from them by statements.

    A key that was followed is good for the trees that it had signed by then, and for no larger one; a revoked key
    is good for nothing that no witness saw before.
    """

    trusted: list[VerifierKey]
    ended: dict[VerifierKey, KeyStatement] = field(default_factory=dict)

    def follow(self, notes: Iterable[bytes]) -> list[KeyStatement]:
        """Take in statements, in any order; give those that count.

        What is no statement of a trusted key, signed by it and by the one that follows, is passed over: anybody may
        have written it. A rotation passes trust on to the new key; a revocation only takes it. NoteError where a key
        was followed by two.
        """
        waiting = [one for raw in dict.fromkeys(notes) if (one := _signed_statement(raw)) is not None]
        taken: list[KeyStatement] = []
        while ready := [one for one in waiting if one.old in self.trusted]:
            waiting = [one for one in waiting if one not in ready]
            for stated in ready:
                if self.ended.setdefault(stated.old, stated) != stated:
                    raise NoteError(f"{stated.old.vkey} was followed by two keys", "Ask which of them holds.")
                taken.append(stated)
                if stated.kind == ROTATED and stated.new not in self.trusted:
                    self.trusted.append(stated.new)
        return taken

    def signers(self, note: Note, *, seen_at: datetime | None = None) -> list[VerifierKey]:
        """Give the trusted log keys that signed a checkpoint and were good for it; NoteError if a signature is wrong.

        `seen_at` is when a trusted witness cosigned it, which is what a revoked key's checkpoint stands on.
        """
        point = Checkpoint.parse(note.text)
        found = note.signed_by(key for key in self.trusted if key.kind == ED25519)
        return [key for key in found if origin_is_of(point.origin, key) and self._good(key, point, seen_at)]

    def _good(self, key: VerifierKey, point: Checkpoint, seen_at: datetime | None) -> bool:
        end = self.ended.get(key)
        if end is None:
            return True
        if end.kind == REVOKED:
            return seen_at is not None and seen_at < end.at
        return point.size <= end.sizes.get(int(point.origin.rpartition("/")[2]), 0)


def _signed_statement(raw: bytes) -> KeyStatement | None:
    try:
        note = Note.parse(raw)
        stated = KeyStatement.parse(note.text)
        both = note.signed_by([stated.old, stated.new])
    except NoteError:
        return None
    return stated if len(both) == 2 else None


def origin_is_of(origin: str, key: VerifierKey) -> bool:
    """Tell whether a key may sign for an origin: `recourse/intake` signs for `recourse/intake/0` and on."""
    name, _, part = origin.rpartition("/")
    return name == key.name and part.isdecimal()


def statement_for(ring: KeyRing, log: str, sizes: Mapping[int, int], at: datetime) -> Note | None:
    """Give the statement that the ring calls for, signed by both keys; None if it holds one key only."""
    if ring.previous is None:
        return None
    kind = REVOKED if ring.revoked_from else ROTATED
    old, new = ring.previous.verifier(), ring.current.verifier()
    text = KeyStatement(key_name(log), kind, ring.revoked_from or at, old, new, dict(sizes)).text
    return Note(text, (ring.previous.sign(text), ring.current.sign(text)))


def new_key(log: str) -> SigningKey:
    """Make a key for a log."""
    return SigningKey(key_name(log), os.urandom(32))


def private_line(key: SigningKey) -> str:
    """Give a private key as one line, in the form of Go's note package."""
    material = base64.b64encode(bytes([ED25519]) + key.seed).decode()
    return f"{PRIVATE}{key.name}+{key.verifier().key_id.hex()}+{material}"


def parse_private(line: str) -> SigningKey:
    """Read a private key from its line; NoteError if it is none. The error does not repeat the key."""
    parts = line.removeprefix(PRIVATE).split("+", 2)
    try:
        material = base64.b64decode(parts[2], validate=True)
        key = SigningKey(parts[0], material[1:])
        if line.startswith(PRIVATE) and material[0] == ED25519 and key.verifier().key_id.hex() == parts[1]:
            return key
    except (IndexError, ValueError, binascii.Error) as error:
        raise NoteError("that is no private key", "Give it as PRIVATE+KEY+name+id+key.") from error
    raise NoteError("that is no private key", "Give it as PRIVATE+KEY+name+id+key.")


def instant(at: datetime) -> str:
    """Give an instant as statements have it: UTC, to the second."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()
