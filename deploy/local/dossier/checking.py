"""Checks a dossier offline: its files, signatures, proofs, and that what people read is what was recorded."""

import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from pydantic import ValidationError

from deploy.local.dossier import layout
from deploy.local.dossier.layout import Manifest, Proved
from deploy.local.errors import UsageError
from shared.eventstore.log_keys import KeyBook
from shared.eventstore.merkle import event_leaf, inclusion_holds
from shared.eventstore.notes import Checkpoint, Note, NoteError, VerifierKey, origin_of

LARGEST = 2**30
POSITION, EVENT_ID, TYPE, STREAM, VERSION = 2, 3, 4, 6, 7


class Wrong(NamedTuple):
    """What does not hold: a stable name, where, and the sentence."""

    finding: str
    place: str
    problem: str


class Checked(NamedTuple):
    """What came of a check. `pinned` tells whether the keys came from elsewhere than the dossier."""

    manifest: Manifest
    wrong: list[Wrong]
    proved: int
    checkpoints: int
    pinned: bool


def check(path: Path, keys: Sequence[VerifierKey] | None = None) -> Checked:
    """Check a dossier with the logs' public keys; without them, with those that it brings.

    Raises UsageError when the file is no dossier.
    """
    try:
        with ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST:
                raise UsageError(f"{path} would unpack to more than a gigabyte", "Look at it with another tool first.")
            files = {name: packed.read(name) for name in packed.namelist()}
    except (OSError, BadZipFile) as error:
        raise UsageError(f"{path} cannot be read as a zip file: {error}", "Name a dossier.") from error
    try:
        manifest = Manifest.model_validate_json(files.get(layout.MANIFEST, b""))
    except ValidationError as error:
        raise UsageError(f"{path} is no dossier: {layout.MANIFEST} does not hold", "Name a dossier.") from error
    if manifest.format != layout.FORMAT:
        raise UsageError(f"{path} has the format {manifest.format}", f"This version reads {layout.FORMAT}.")
    wrong = [*_files(manifest, files)]
    events = list(_events(files, wrong))
    roots = _roots(files, _book(files, keys, wrong), wrong)
    for event in events:
        wrong += _event(event, roots, manifest.case_id)
    wrong += _whole(events, manifest)
    wrong += _readable(files, events)
    return Checked(manifest, wrong, len(events), len(roots), keys is not None)


def _files(manifest: Manifest, files: dict[str, bytes]) -> Iterator[Wrong]:
    listed = {one.path: one for one in manifest.files}
    for name in sorted({*listed} | ({*files} - {layout.MANIFEST})):
        if name not in files:
            yield Wrong("file_missing", name, "the manifest lists it, the dossier lacks it")
        elif name not in listed:
            yield Wrong("file_added", name, "the manifest does not list it")
        elif sha256(files[name]).hexdigest() != listed[name].sha256:
            yield Wrong("file_altered", name, "its SHA-256 is not the manifest's")


def _events(files: dict[str, bytes], wrong: list[Wrong]) -> Iterator[Proved]:
    for number, line in enumerate(files.get(layout.EVENTS, b"").splitlines(), 1):
        try:
            yield Proved.model_validate_json(line)
        except ValidationError:
            wrong.append(Wrong("event_unreadable", f"{layout.EVENTS} line {number}", "it is no event with a proof"))


def _book(files: dict[str, bytes], keys: Sequence[VerifierKey] | None, wrong: list[Wrong]) -> KeyBook:
    """Give whom to trust: the keys given, else those brought, and the keys that signed statements lead to."""
    brought = files.get(layout.KEYS, b"").decode(errors="replace").split()
    try:
        book = KeyBook(list(keys) if keys is not None else [VerifierKey.parse(line) for line in brought])
        book.follow(data for name, data in sorted(files.items()) if name.startswith(layout.STATEMENTS))
    except NoteError as error:
        wrong.append(Wrong("key_wrong", layout.KEYS, str(error)))
        return KeyBook([])
    return book


def _roots(files: dict[str, bytes], book: KeyBook, wrong: list[Wrong]) -> dict[str, Checkpoint]:
    """Give the checkpoints that a trusted key of their own log signed, by path."""
    roots: dict[str, Checkpoint] = {}
    for path in sorted(name for name in files if name.startswith(layout.CHECKPOINTS)):
        try:
            note = Note.parse(files[path])
            checkpoint = Checkpoint.parse(note.text)
            signers = book.signers(note)
        except NoteError as error:
            wrong.append(Wrong("signature_wrong", path, str(error)))
            continue
        if not signers:
            wrong.append(Wrong("signature_wrong", path, f"no trusted key of {checkpoint.origin} signed it"))
        else:
            roots[path] = checkpoint
    return roots


def _event(event: Proved, roots: dict[str, Checkpoint], case_id: str) -> Iterator[Wrong]:
    place = f"{event.log} {event.log_part}/{event.position} ({event.event_id})"
    header = _array(event.header)
    told = [event.log, event.log_part, event.position, event.event_id, event.type]
    if header is None or header[: TYPE + 1] != told or event.index != event.position - 1:
        yield Wrong("header_differs", place, "what is said of it is not what its header says")
        return
    if header[STREAM] != case_id:
        yield Wrong("other_case", place, f"it belongs to {header[STREAM]}")
    checkpoint = roots.get(event.checkpoint)
    if checkpoint is None:
        yield Wrong("not_proved", place, f"there is no verified checkpoint {event.checkpoint}")
        return
    if (checkpoint.origin, checkpoint.size) != (origin_of(event.log, event.log_part), event.size):
        yield Wrong("not_proved", place, f"the checkpoint is that of {checkpoint.origin}, {checkpoint.size} events")
        return
    leaf = event_leaf(sha256(event.header.encode()).digest(), sha256(event.body.encode()).digest())
    try:
        proof = [b64decode(step, validate=True) for step in event.proof]
    except NotBase64:
        proof = []
    if not inclusion_holds(leaf, event.index, event.size, proof, checkpoint.root):
        yield Wrong("not_in_log", place, "header or body is not what the log signed")


def _array(header: str) -> list[object] | None:
    try:
        read = json.loads(header)
    except ValueError:
        return None
    return read if isinstance(read, list) and len(read) > VERSION else None


def _whole(events: Sequence[Proved], manifest: Manifest) -> Iterator[Wrong]:
    """Within a log a case's versions run from 1 without a gap, in the order of positions."""
    if len(events) != manifest.events:
        yield Wrong("event_missing", layout.EVENTS, f"{len(events)} events, the manifest says {manifest.events}")
    ordered = sorted(events, key=lambda one: (one.log, one.position))
    for log, of_log in groupby(ordered, key=lambda one: one.log):
        versions = [header[VERSION] for one in of_log if (header := _array(one.header))]
        if versions != list(range(1, len(versions) + 1)):
            yield Wrong("event_missing", log, "the versions of the case do not run 1, 2, 3, … without a gap")


def _readable(files: dict[str, bytes], events: Sequence[Proved]) -> Iterator[Wrong]:
    """What people read is what is proved, sealed values apart: the opened bodies have the stored ones' shape."""
    try:
        told = json.loads(files.get(layout.CASE, b""))
        opened, shown = dict(told["opened"]), {one["event_id"] for one in told["timeline"]}
    except (ValueError, KeyError, TypeError):
        yield Wrong("readable_differs", layout.CASE, "it cannot be read")
        return
    proved = {event.event_id for event in events}
    for event in events:
        if event.event_id not in opened or not agrees(json.loads(event.body), opened[event.event_id]):
            yield Wrong("readable_differs", event.event_id, "what people read is not what was recorded")
    for extra in sorted(({*opened} | shown) - proved):
        yield Wrong("readable_differs", extra, "people read an event that is not proved")


def agrees(stored: object, opened: object) -> bool:
    """Tell whether an opened value is the stored one with nothing but sealed texts replaced."""
    if isinstance(stored, str) and stored.startswith("sealed:"):
        return isinstance(opened, str)
    if isinstance(stored, dict) and isinstance(opened, dict):
        return stored.keys() == opened.keys() and all(agrees(stored[name], opened[name]) for name in stored)
    if isinstance(stored, list) and isinstance(opened, list):
        return len(stored) == len(opened) and all(map(agrees, stored, opened))
    return type(stored) is type(opened) and stored == opened
