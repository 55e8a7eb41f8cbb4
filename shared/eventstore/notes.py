"""Signed notes, checkpoints and cosignatures, in the forms that transparency-log tools read (C2SP)."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.kernel.errors import MalformedInput

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 64
MARK = "\u2014 "


class NoteError(MalformedInput):
    """A note, a checkpoint or a key is not of its form, or a signature does not hold."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem, fix=fix)


@dataclass(frozen=True)
class VerifierKey:
    """A public key by its name: `kind` ED25519 for a log's own signatures, COSIGNATURE for a witness's."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that a signature names its key by."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one line: name+id+key."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> "VerifierKey":
        """Read a key from its line; NoteError if it is none, or its id is another key's."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteError(f"{vkey!r} is no verifier key", "Give it as name+id+key.")
        material = _unbase64(parts[2], "a verifier key")
        if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise NoteError(f"{vkey!r} is no Ed25519 key", "Give a key of kind 1 (a log's) or 4 (a witness's).")
        key = cls(check_name(parts[0]), material[0], material[1:])
        if key.key_id.hex() != parts[1]:
            raise NoteError(f"{vkey!r} names another key's id", f"The id of this key is {key.key_id.hex()}.")
        return key

    def holds(self, text: str, signature: "Signature") -> bool:
        """Tell whether this key made this signature over the text of a note."""
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            return False
        if self.kind == ED25519:
            return _signed(self.public, signature.made, text.encode())
        if len(signature.made) != 72:
            return False
        return _signed(self.public, signature.made[8:], cosigned(text, signature.at))


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    made: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note, with its newline."""
        return f"{MARK}{self.name} {_base64(self.key_id + self.made)}\n"

    @property
    def at(self) -> int:
        """When a witness cosigned, in seconds since 1970; of no meaning for other signatures."""
        return int.from_bytes(self.made[:8], "big")


class SigningKey:
    """A private key by its name, for a log or a witness (never both with the same key)."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Make the key of `name` from its 32 secret bytes."""
        self.name = check_name(name)
        self.seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key().public_bytes_raw()

    def verifier(self, kind: int = ED25519) -> VerifierKey:
        """Give the public half, as a log's key or a witness's."""
        return VerifierKey(self.name, kind, self._public)

    def sign(self, text: str) -> Signature:
        """Sign the text of a note."""
        return Signature(self.name, self.verifier().key_id, self._private.sign(text.encode()))

    def cosign(self, text: str, at: int) -> Signature:
        """Cosign the text of a checkpoint as a witness, at a time in seconds since 1970."""
        made = at.to_bytes(8, "big") + self._private.sign(cosigned(text, at))
        return Signature(self.name, self.verifier(COSIGNATURE).key_id, made)


@dataclass(frozen=True)
class Note:
    """A text (which ends in a newline) and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Give the note as it is stored and sent."""
        return f"{self.text}\n{''.join(one.line for one in self.signatures)}".encode()

    @classmethod
    def parse(cls, raw: bytes) -> "Note":
        """Read a note; nothing is verified. NoteError if it is none."""
        try:
            whole = raw.decode()
        except UnicodeDecodeError as error:
            raise NoteError("the note is not UTF-8", "Give the bytes as they were signed.") from error
        if any(ord(letter) < 32 and letter != "\n" for letter in whole):
            raise NoteError("the note holds a control character", "Give the bytes as they were signed.")
        cut = whole.rfind("\n\n")
        lines = whole[cut + 2 :].split("\n")
        if cut < 0 or lines[-1] != "" or not 1 <= len(lines) - 1 <= MOST_SIGNATURES:
            raise NoteError("the note is not a text, an empty line and 1 to 64 signatures", "Give the whole note.")
        return cls(whole[: cut + 1], tuple(_signature(line) for line in lines[:-1]))

    def signed_by(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Give the keys of `keys` that signed; NoteError if a signature of one of them does not hold.

        Signatures of other keys are ignored, as the form demands.
        """
        known = {(key.name, key.key_id): key for key in keys}
        found: list[VerifierKey] = []
        for one in self.signatures:
            key = known.get((one.name, one.key_id))
            if key is None or key in found:
                continue
            if not key.holds(self.text, one):
                raise NoteError(f"the signature of {key.name} does not hold", "The text was altered, or the signature.")
            found.append(key)
        return found


@dataclass(frozen=True)
class Checkpoint:
    """The tree of one log partition at one size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a note as a checkpoint; NoteError if it is none. Extension lines are left aside."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise NoteError("the note is no checkpoint", "A checkpoint is an origin, a size and a root, a line each.")
        size = lines[1]
        if not (size.isascii() and size.isdigit()) or (size[0] == "0" and size != "0"):
            raise NoteError(f"{size!r} is no size of a tree", "Give it in decimal digits, without leading zeroes.")
        root = _unbase64(lines[2], "the root of a checkpoint")
        if len(root) != 32:
            raise NoteError("the root of the checkpoint has not 32 bytes", "Give the root as it was signed.")
        return cls(lines[0], int(size), root)


def origin_of(log: str, log_part: int) -> str:
    """Give the origin line of a log partition."""
    return f"{key_name(log)}/{log_part}"


def key_name(log: str) -> str:
    """Give the name of the key that signs for a service's log."""
    return f"recourse/{log}"


def cosigned(text: str, at: int) -> bytes:
    """Give what a witness signs over a checkpoint's text at a time in seconds since 1970."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def check_name(name: str) -> str:
    """Give the name of a key back; NoteError if no key can have it."""
    if not name or "+" in name or any(letter.isspace() or ord(letter) < 32 for letter in name):
        raise NoteError(f"{name!r} cannot name a key", "Give a name without spaces and without a plus.")
    return name


def with_signatures(note: Note, more: Sequence[Signature]) -> Note:
    """Give the note with further signatures, each once."""
    return Note(note.text, tuple(dict.fromkeys((*note.signatures, *more))))


def _signature(line: str) -> Signature:
    name, space, made = line.removeprefix(MARK).partition(" ")
    if not line.startswith(MARK) or not space:
        raise NoteError(f"{line!r} is no signature", "A signature is a dash, a name and base64, in a line.")
    blob = _unbase64(made, "a signature")
    if len(blob) < 5:
        raise NoteError(f"the signature of {name!r} is too short", "Give the whole note.")
    return Signature(check_name(name), blob[:4], blob[4:])


def _signed(public: bytes, made: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(made, message)
    except InvalidSignature:
        return False
    return True


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"{what} is not base64: {text!r}", "Give it as it was written.") from error
