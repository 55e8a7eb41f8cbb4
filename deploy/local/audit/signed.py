"""Every checkpoint that can be found, in the databases, on the witness topic and in directories, and whose they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg

from deploy.local.audit.evidence import DATABASE, Against, Point
from deploy.local.audit.findings import Finding, Findings
from deploy.local.errors import UsageError
from shared.eventstore.log_keys import KeyBook
from shared.eventstore.notes import COSIGNATURE, Checkpoint, Note, NoteError, VerifierKey, origin_of
from shared.messaging.cursor import Place
from shared.messaging.evidence import STATEMENT, Evidence

TOPIC = "the witness topic"
CHECKPOINTS = "SELECT log_part, size, root, note, sent FROM checkpoint ORDER BY log_part, number"
STATEMENTS = "SELECT note FROM key_statement ORDER BY number"


class Found(NamedTuple):
    """A note, where it was found, and what the place itself says that it is, if it says so."""

    raw: bytes
    where: str
    said: Checkpoint | None = None
    sent: bool = False


class Kept(NamedTuple):
    """What a service's database keeps: its checkpoints, and the statements about its keys."""

    checkpoints: list[Found]
    statements: list[bytes]


@dataclass
class Judged:
    """What the signatures came to: what each log partition is held against, and how many notes there were.

    `cosigned` of the notes carry a good signature of a witness that is trusted.
    """

    against: dict[Place, Against] = field(default_factory=dict)
    notes: int = 0
    cosigned: int = 0


async def kept(raw: asyncpg.Connection, log: str) -> Kept:
    """Read what a service's database keeps; nothing where it keeps no checkpoints yet."""
    if await raw.fetchval("SELECT to_regclass('checkpoint')") is None:
        return Kept([], [])
    rows = await raw.fetch(CHECKPOINTS)
    found = []
    for row in rows:
        said = Checkpoint(origin_of(log, row["log_part"]), row["size"], row["root"])
        found.append(Found(row["note"], DATABASE, said, row["sent"]))
    return Kept(found, [row["note"] for row in await raw.fetch(STATEMENTS)])


def in_directory(directory: Path) -> list[Found]:
    """Read every file under a directory that was exported to; UsageError if there is none."""
    if not directory.is_dir():
        raise UsageError(f"--checkpoints: {directory} is no directory", "Name the one that checkpoints went to.")
    files = sorted(path for path in directory.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [Found(path.read_bytes(), str(path)) for path in files]


def witnessed(evidence: Iterable[Evidence]) -> tuple[list[Found], list[bytes]]:
    """Part what is on the topic into checkpoints, with or without cosignatures, and statements."""
    checkpoints, statements = [], []
    for one in evidence:
        if one.kind == STATEMENT:
            statements.append(one.value)
        else:
            checkpoints.append(Found(one.value, TOPIC))
    return checkpoints, statements


def trust(keys: Sequence[VerifierKey], statements: Iterable[bytes], findings: Findings) -> KeyBook:
    """Give whom a verifier trusts that was given these keys: those that follow from them by statements, too."""
    book, waiting = KeyBook(list(keys)), list(dict.fromkeys(statements))
    gone = -1
    while gone:  # a statement may stand before the one that makes its key trusted
        gone = 0
        for raw in list(waiting):
            try:
                taken = bool(book.follow([raw]))
            except NoteError as error:
                findings.add(Finding("signature_wrong", f"a statement about keys does not hold: {error.problem}"))
                taken = True
            if taken:
                waiting.remove(raw)
                gone += 1
    return book


def judge(
    found: Iterable[Found], book: KeyBook, heads: Mapping[Place, int], findings: Findings, *, from_topic: bool
) -> Judged:
    """Check every signature, and give what each log partition is held against; `heads` are where the logs end."""
    places = {origin_of(*place): place for place in heads}
    judged = Judged()
    points: dict[Place, dict[Point, None]] = {place: {} for place in heads}
    sent: set[tuple[str, int, bytes]] = set()
    for one in found:
        point = _point(one, book, places, findings, judged)
        if point is None:
            continue
        place = places[point.origin]
        points[place][Point(point.size, point.root, one.where)] = None
        if one.where == DATABASE and one.sent:
            sent.add((point.origin, point.size, point.root))
    for place, known in points.items():
        judged.against[place] = Against(tuple(known))
        _compare(place, list(known), findings)
        _one_sided(place, list(known), heads[place], findings)
        if from_topic:
            _unwitnessed(place, list(known), sent, findings)
    return judged


def _point(
    one: Found, book: KeyBook, places: Mapping[str, Place], findings: Findings, judged: Judged
) -> Checkpoint | None:
    """Give what a note says if it is one of ours and its signatures are good."""
    try:
        note = Note.parse(one.raw)
        if note.text.partition("\n")[0].endswith("/keys"):
            return None  # a statement, which `trust` has judged
        point = Checkpoint.parse(note.text)
    except NoteError as error:
        findings.add(Finding("checkpoint_unreadable", f"in {one.where}: {error.problem}"))
        return None
    place = places.get(point.origin)
    if place is None:
        return None
    judged.notes += 1
    where = f"the checkpoint over {point.size} events in {one.where}"

    def wrong(name: str, what: str) -> None:
        findings.add(Finding(name, f"{where} {what}", *place, point.size))

    try:
        witnesses = note.signed_by(key for key in book.trusted if key.kind == COSIGNATURE)
        judged.cosigned += bool(witnesses)
        ats = [sign.at for sign in note.signatures for key in witnesses if key.holds(note.text, sign)]
        signers = book.signers(note, seen_at=datetime.fromtimestamp(min(ats), UTC) if ats else None)
    except NoteError as error:
        wrong("signature_wrong", f"has a signature that does not hold: {error.problem}")
        return None
    if not signers:
        retired = {(key.name, key.key_id) for key in book.ended}
        if any((sign.name, sign.key_id) in retired for sign in note.signatures):
            wrong("key_retired", "is signed by a key that was followed by another, and is no checkpoint of its time")
        else:
            wrong("signer_unknown", "is signed by no key that is trusted")
        return None
    if one.said is not None and one.said != point:
        wrong("signature_wrong", f"stands in a row that says {one.said.size} events and another root or place")
    return point


def _compare(place: Place, points: Sequence[Point], findings: Findings) -> None:
    """Name two roots of one size."""
    roots: dict[int, Point] = {}
    for point in points:
        other = roots.setdefault(point.size, point)
        if other.root != point.root:
            what = f"two roots are signed over {point.size} events, in {other.where} and in {point.where}"
            findings.add(Finding("split_view", what, *place, point.size))


def _one_sided(place: Place, points: Sequence[Point], head: int, findings: Findings) -> None:
    """Name checkpoints that are gone from the database. A whole database that is older is named by its log's end."""
    inside = {(point.size, point.root) for point in points if point.where == DATABASE}
    outside = {(point.size, point.root): point.where for point in points if point.where != DATABASE}
    for (size, root), where in outside.items():
        if (size, root) not in inside and size <= head:
            what = f"the checkpoint over {size} events is in {where} and not in the database"
            findings.add(Finding("checkpoint_missing", what, *place, size))


def _unwitnessed(
    place: Place, points: Sequence[Point], sent: Iterable[tuple[str, int, bytes]], findings: Findings
) -> None:
    """Name checkpoints that are gone from the topic that they were sent to."""
    on_topic = {(point.size, point.root) for point in points if point.where == TOPIC}
    for origin, size, root in sent:
        if origin == origin_of(*place) and (size, root) not in on_topic:
            what = f"the checkpoint over {size} events was sent to the witness topic and is not on it"
            findings.add(Finding("witness_missing", what, *place, size))
