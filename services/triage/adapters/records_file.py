"""Records from files of tasks (JSON lines with `facts`), looked up in process: to try policies without a provider."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.triage.domain.policies.lookups import LookedUp, plain_id
from shared.kernel.errors import MalformedInput

KINDS = {
    "users": "customer",
    "customers": "customer",
    "orders": "order",
    "reservations": "reservation",
    "products": "product",
}
"""The kind of record under each name of `facts`."""

Record = Mapping[str, Any]


class RecordsFile:
    """The records of one or more files. A customer is found by id, e-mail, or first name, last name and postal code."""

    def __init__(self, *paths: Path) -> None:
        """Read files; raises MalformedInput that names the file and line. The first of two records of an id counts."""
        self.records: dict[tuple[str, str], Record] = {}
        self._as_of: dict[tuple[str, str], datetime] = {}
        self._sources: dict[tuple[str, str], str] = {}
        for path in paths:
            self._read(path)

    async def lookup(self, kind: str, wanted: str) -> LookedUp:
        """Give a record as a facts provider does; never raises."""
        return self.find(kind, wanted)

    def find(self, kind: str, wanted: str) -> LookedUp:
        """Give a record without waiting; its age is 0, for a file says how things are when it is tried."""
        key = (kind, plain_id(wanted))
        value = self.records.get(key)
        return LookedUp(
            kind,
            wanted,
            found=value is not None,
            value=value or {},
            source=self._sources.get(key, "file"),
            as_of=self._as_of.get(key, datetime.fromtimestamp(0, UTC)),
            age_seconds=0.0,
        )

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            as_of = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise MalformedInput(f"cannot be read: {reason}", field=str(path), fix="name a file of tasks") from error
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            for kind, name, record in _facts(line, f"{path}:{number}"):
                for known_as in (name, *_other_names(kind, record)):
                    key = (kind, plain_id(known_as))
                    if key not in self.records:
                        self.records[key], self._as_of[key], self._sources[key] = record, as_of, path.name


def _facts(line: str, place: str) -> Iterable[tuple[str, str, Record]]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise MalformedInput(f"is not JSON: {error}", field=place, fix="write one object a line") from error
    facts = item.get("facts") if isinstance(item, dict) else None
    if facts is None:
        return
    if not isinstance(facts, dict):
        raise MalformedInput("facts must be an object", field=place, fix='give {"facts": {"orders": {id: record}}}')
    for group, records in facts.items():
        kind = KINDS.get(group)
        if kind is None:
            continue
        if not isinstance(records, dict) or not all(isinstance(record, dict) for record in records.values()):
            raise MalformedInput(f"facts.{group} must be records by id", field=place, fix="give {id: record}")
        for name, record in records.items():
            # Some sources name the customer only outside the record, and rules need the id in it.
            yield kind, name, ({"user_id": name, **record} if kind == "customer" else record)


def _other_names(kind: str, record: Record) -> Iterable[str]:
    """Give what else a customer says instead of an id."""
    if kind != "customer":
        return
    if isinstance(email := record.get("email"), str):
        yield email
    match record:
        case {"name": {"first_name": str(first), "last_name": str(last)}, "address": {"zip": str(code)}}:
            yield f"{first} {last} {code}"
        case _:
            return
