"""Cases as traces: what happened in each, in order; the source of XES, of the process map and of its findings."""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from services.casebook.exports.vocabulary import event_type
from shared.contracts.event import Recorded

# What services note for themselves repeats what others recorded: it is no step of the work.
NOTES = frozenset(
    {"case taken up", "message noted", "matter noted", "case closure noted", "boundary noted", "clocks moved"}
)


class Step(NamedTuple):
    """One event of a case; `at` in microseconds since 1970 UTC."""

    at: int
    activity: str
    who: str
    service: str
    event_id: str


class Traces:
    """Events by case, kept in a database of its own so that a long history needs little memory."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE step (case_id BLOB, at INTEGER, part TEXT, position INTEGER, activity TEXT, who TEXT,"
            " service TEXT, channel TEXT, event_id TEXT)"
        )

    def add(self, events: Iterable[Recorded], *, notes: bool = True) -> None:
        """Take in events; those of no case are left out, and services' own notes unless they are wanted."""
        rows = [
            (
                event.stream_id.bytes,
                _micros(event.recorded_at),
                event.log,
                event.position,
                name,
                event.actor,
                event.log,
                getattr(event.fact, "channel", None) if event.type == "intake.case_opened.v1" else None,
                str(event.event_id),
            )
            for event in events
            if event.stream_kind == "case" and ((name := event_type(event.type)) not in NOTES or notes)
        ]
        self._db.executemany("INSERT INTO step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def index(self) -> None:
        """Put the steps of each case together; to be called once all are in."""
        self._db.execute("CREATE INDEX step_case ON step (case_id, at, part, position)")
        self._db.commit()

    def cases(self, *, channel: str | None = None) -> Iterator[tuple[UUID, list[Step]]]:
        """Give every case with its steps in order, by case id; of one channel only, if it is named."""
        query = "SELECT case_id, at, activity, who, service, event_id, channel FROM step"
        if channel is not None:
            query += " WHERE case_id IN (SELECT case_id FROM step WHERE channel = ?)"
        found = self._db.execute(f"{query} ORDER BY case_id, at, part, position", (channel,) if channel else ())
        case: bytes | None = None
        steps: list[Step] = []
        for row in found:
            if row[0] != case:
                if case is not None:
                    yield UUID(bytes=bytes(case)), steps
                case, steps = row[0], []
            steps.append(Step(*row[1:6]))
        if case is not None:
            yield UUID(bytes=bytes(case)), steps

    def close(self) -> None:
        """Give the file back."""
        self._db.close()


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
