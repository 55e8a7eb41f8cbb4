"""Goes through one log partition event by event, from the stored bytes: hashes, links, tree, versions, times."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from deploy.local.audit.findings import Findings
from deploy.local.audit.header import Row, header_writer
from shared.contracts.event import Recorded
from shared.eventstore.chain import genesis
from shared.eventstore.merkle import EMPTY_ROOT, CompactRange
from shared.eventstore.partition import log_part

KEPT_WRONG = 64
Judge = Callable[[Recorded], None]


class Wrong(NamedTuple):
    """An event whose hashes do not hold: the link before it as stored, and its own link as it should be."""

    event: Recorded
    before: bytes | None
    expected: bytes
    body_holds: bool


class Gap(NamedTuple):
    """Positions without an event, both ends included, and the event after them."""

    first: int
    last: int
    after: Row


def recorded(log: str, part: int, row: Row) -> Recorded:
    """Give a row as the event that it is."""
    event = Row._make(row)
    return Recorded(
        event.event_id,
        event.type,
        log,
        part,
        event.position,
        event.stream_kind,
        event.stream_id,
        event.version,
        event.actor,
        event.on_behalf_of,
        event.via,
        event.command_id,
        event.correlation_id,
        event.causation_id,
        event.traceparent,
        event.recorded_at,
        event.received_at,
        event.body,
        event.body_hash,
        event.chain_hash,
    )


class Walk:
    """One log partition, page by page in the order of positions.

    `sizes` are those at which the root of the tree is wanted; `roots` are those found. A walk that does not begin at
    the first event is given the link before it and makes no roots. `judges` by type are shown the events that they
    judge.
    """

    def __init__(
        self,
        log: str,
        part: int,
        parts: int,
        *,
        sizes: Iterable[int] = (),
        judges: Mapping[str, Judge] | None = None,
        after: int = 0,
        link: bytes | None = None,
        findings: Findings | None = None,
    ) -> None:
        self.log, self.part, self.parts = log, part, parts
        self.position, self.whole = after, after == 0
        self.link: bytes | None = genesis(log, part) if self.whole else link
        self.findings = findings or Findings()
        self.wrong: list[Wrong] = []
        self.wrong_count = 0
        self.gaps: list[Gap] = []
        self.roots: dict[int, bytes] = {0: EMPTY_ROOT} if self.whole else {}
        self._sizes = sorted({size for size in sizes if size > 0}, reverse=True)
        self._tree = CompactRange()
        self._header = header_writer(log, part)
        self._judges = judges or {}
        self._versions: dict[UUID, int] = {}
        self._recorded_at: datetime | None = None

    def page(self, rows: Sequence[Row]) -> None:
        """Take the next rows, ascending by position."""
        header, append, judges, versions = self._header, self._tree.append, self._judges, self._versions
        at, link, last, whole = self.position, self.link, self._recorded_at, self.whole
        next_root = self._next_size()
        for row in rows:
            (position, _, kind, _, stream, version, *_, recorded_at, _, body, body_hash, chain_hash) = row
            if position != at + 1:
                link = self._misplaced(at, row, link)
            at = position
            digest = sha256(body).digest()
            head = sha256(header(row)).digest()
            if link is not None:
                expected = sha256(link + head + digest).digest()
                if expected != chain_hash or digest != body_hash:
                    self._mismatch(row, link, expected, digest == body_hash)
            elif digest != body_hash:
                self._mismatch(row, None, chain_hash, False)
            link = chain_hash
            if whole:
                append(sha256(b"\x00" + head + digest).digest())
                if at == next_root:
                    self.roots[at] = self._tree.root()
                    self._sizes.pop()
                    next_root = self._next_size()
            if last is not None and recorded_at <= last:
                self._at("time_reversed", row, f"recorded at {recorded_at}, and the event before at {last}")
            last = recorded_at
            before = versions.get(stream, 0)
            if version != before + 1 and (whole or before):
                self._at("version_wrong", row, f"version {version} of its stream comes after version {before}")
            if not before and log_part(stream, self.parts) != self.part:
                right = log_part(stream, self.parts)
                self._at("wrong_part", row, f"its stream belongs to partition {right}")
            versions[stream] = version
            if kind in judges:
                judges[kind](recorded(self.log, self.part, row))
        self.position, self.link, self._recorded_at = at, link, last

    def _next_size(self) -> int:
        return self._sizes[-1] if self._sizes else 0

    def _misplaced(self, at: int, row: Row, link: bytes | None) -> bytes | None:
        """Take up a row that is not at the next position; gives the link before it, None if that is not known."""
        event = Row._make(row)
        if event.position <= at:
            self._at("event_inserted", row, f"position {event.position} is there twice")
            return link
        self.gaps.append(Gap(at + 1, event.position - 1, event))
        # What the tree would be is lost: no root of a later size can hold.
        return None

    def _mismatch(self, row: Row, before: bytes | None, expected: bytes, body_holds: bool) -> None:
        self.wrong_count += 1
        if len(self.wrong) < KEPT_WRONG:
            self.wrong.append(Wrong(recorded(self.log, self.part, row), before, expected, body_holds))

    def _at(self, name: str, row: Row, what: str) -> None:
        self.findings.at(name, recorded(self.log, self.part, row), what)
