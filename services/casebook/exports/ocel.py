"""OCEL 2.0 in its two exchange forms: a SQLite database, written event by event, and the JSON written from it."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from services.casebook.exports.vocabulary import (
    OBJECT_ATTRIBUTES,
    OBJECT_TYPES,
    attributes,
    event_type,
    event_types,
    links,
    standings,
)
from shared.contracts.event import Recorded

BASIC = """
    CREATE TABLE event (ocel_id TEXT NOT NULL PRIMARY KEY, ocel_type TEXT NOT NULL);
    CREATE TABLE object (ocel_id TEXT NOT NULL PRIMARY KEY, ocel_type TEXT NOT NULL);
    CREATE TABLE event_object (ocel_event_id TEXT NOT NULL, ocel_object_id TEXT NOT NULL,
        ocel_qualifier TEXT NOT NULL, PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier)) WITHOUT ROWID;
    CREATE TABLE object_object (ocel_source_id TEXT NOT NULL, ocel_target_id TEXT NOT NULL,
        ocel_qualifier TEXT NOT NULL, PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier)) WITHOUT ROWID;
    CREATE TABLE event_map_type (ocel_type TEXT NOT NULL PRIMARY KEY, ocel_type_map TEXT NOT NULL);
    CREATE TABLE object_map_type (ocel_type TEXT NOT NULL PRIMARY KEY, ocel_type_map TEXT NOT NULL);
"""
SQL_TYPES = {"integer": "INTEGER", "float": "REAL", "boolean": "INTEGER", "time": "TIMESTAMP", "string": "TEXT"}
READ: dict[str, Callable[[str], object]] = {"integer": int, "float": float, "boolean": lambda text: text == "true"}


class OcelWriter:
    """Writes events, in any order, into a new OCEL database; what several events tell of an object is kept once."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {BASIC}")
        self._types = event_types()
        for name, known in self._types.items():
            self._table("event", name, known, "ocel_id TEXT NOT NULL PRIMARY KEY, ocel_time TIMESTAMP NOT NULL")
        for name in OBJECT_TYPES:
            columns = "ocel_id TEXT NOT NULL, ocel_time TIMESTAMP NOT NULL, ocel_changed_field TEXT"
            self._table("object", name, OBJECT_ATTRIBUTES.get(name, {}), columns)
        self._first_seen: dict[str, tuple[str, str]] = {}
        self._changes: list[tuple[str, str, str, str]] = []
        self.events = 0

    def add(self, events: Iterable[Recorded]) -> None:
        """Write some events with all that they relate to."""
        for event in events:
            fact = event.fact
            name, at, event_id = event_type(event.type), event.recorded_at.isoformat(), str(event.event_id)
            if name not in self._types:
                self._types[name] = {}
                self._table("event", name, {}, "ocel_id TEXT NOT NULL PRIMARY KEY, ocel_time TIMESTAMP NOT NULL")
            self._db.execute("INSERT INTO event VALUES (?, ?)", (event_id, name))
            known = self._types[name]
            told = {one: _stored(text, known[one]) for one, text in attributes(event, fact) if one in known}
            columns = ", ".join(f'"{one}"' for one in ("ocel_id", "ocel_time", *told))
            marks = ", ".join("?" * (len(told) + 2))
            self._db.execute(
                f'INSERT INTO "event_{mapped(name)}" ({columns}) VALUES ({marks})', (event_id, at, *told.values())
            )
            related = list(links(event, fact))
            self._db.executemany(
                "INSERT OR IGNORE INTO event_object VALUES (?, ?, ?)",
                [(event_id, one.object_id, one.qualifier) for one in related],
            )
            for one in related:
                before = self._first_seen.get(one.object_id)
                if before is None or at < before[1]:
                    self._first_seen[one.object_id] = (one.object_type, at)
            self._relate(related)
            for standing in standings(event, fact):
                self._changes.append((standing.object_id, at, standing.attribute, standing.value))
            self.events += 1

    def _relate(self, related: list[Any]) -> None:
        """What an event is about belongs to the event's case; a case belongs to its customer."""
        cases = [one for one in related if one.qualifier == "case"]
        rows = [
            (one.object_id, case.object_id, f"{one.object_type} of case")
            for case in cases
            for one in related
            if one.object_type not in ("case", "customer", "policy clause")
        ]
        rows += [
            (case.object_id, one.object_id, "case of customer")
            for case in cases
            for one in related
            if one.object_type == "customer"
        ]
        rows += [
            (case.object_id, one.object_id, "linked case")
            for case in cases
            for one in related
            if one.qualifier == "linked case"
        ]
        self._db.executemany("INSERT OR IGNORE INTO object_object VALUES (?, ?, ?)", rows)

    def finish(self) -> int:
        """Write the objects, and how they stood when; gives how many there are."""
        for object_id, (kind, at) in self._first_seen.items():
            self._db.execute("INSERT INTO object VALUES (?, ?)", (object_id, kind))
            self._db.execute(f'INSERT INTO "object_{mapped(kind)}" (ocel_id, ocel_time) VALUES (?, ?)', (object_id, at))
        last: dict[tuple[str, str], str] = {}
        for object_id, at, attribute, value in sorted(self._changes):
            kind = self._first_seen.get(object_id, ("", ""))[0]
            if last.get((object_id, attribute)) == value or attribute not in OBJECT_ATTRIBUTES.get(kind, {}):
                continue
            last[object_id, attribute] = value
            table = f"object_{mapped(kind)}"
            self._db.execute(
                f'INSERT INTO "{table}" (ocel_id, ocel_time, ocel_changed_field, "{attribute}") VALUES (?, ?, ?, ?)',
                (object_id, at, attribute, value),
            )
        self._db.commit()
        self._db.close()
        return len(self._first_seen)

    def _table(self, what: str, name: str, known: dict[str, str], columns: str) -> None:
        more = "".join(f', "{one}" {SQL_TYPES[kind]}' for one, kind in known.items())
        self._db.execute(f'CREATE TABLE "{what}_{mapped(name)}" ({columns}{more})')
        self._db.execute(f"INSERT INTO {what}_map_type VALUES (?, ?)", (name, mapped(name)))


def mapped(name: str) -> str:
    """Give a type's name as its table has it."""
    return "".join(word.capitalize() for word in name.replace("(", "").replace(")", "").split())


def write_json(database: Path, out: TextIO) -> None:
    """Write an OCEL database as OCEL 2.0 JSON, event by event."""
    db = sqlite3.connect(database)
    db.row_factory = sqlite3.Row
    types = {what: dict(db.execute(f"SELECT ocel_type, ocel_type_map FROM {what}_map_type")) for what in WHAT}
    kinds = {"object": OBJECT_ATTRIBUTES, "event": event_types()}
    out.write("{")
    for what in WHAT:
        told = [
            {"name": name, "attributes": [{"name": a, "type": k} for a, k in kinds[what].get(name, {}).items()]}
            for name in types[what]
        ]
        out.write(f'"{what}Types": {json.dumps(told)},\n')
    _list(out, "objects", _objects(db, types["object"]))
    out.write(",\n")
    _list(out, "events", _events(db, types["event"]))
    out.write("}\n")
    db.close()


WHAT = ("object", "event")


def _list(out: TextIO, name: str, items: Iterator[dict[str, Any]]) -> None:
    out.write(f'"{name}": [')
    for number, item in enumerate(items):
        out.write(",\n" if number else "\n")
        out.write(json.dumps(item, ensure_ascii=False))
    out.write("]")


def _objects(db: sqlite3.Connection, types: dict[str, str]) -> Iterator[dict[str, Any]]:
    for name, table in types.items():
        known = OBJECT_ATTRIBUTES.get(name, {})
        for row in db.execute("SELECT ocel_id FROM object WHERE ocel_type = ? ORDER BY ocel_id", (name,)):
            told = db.execute(
                f'SELECT * FROM "object_{table}" WHERE ocel_id = ? AND ocel_changed_field IS NOT NULL'
                " ORDER BY ocel_time",
                (row["ocel_id"],),
            )
            related = db.execute(
                "SELECT ocel_target_id, ocel_qualifier FROM object_object WHERE ocel_source_id = ?", (row["ocel_id"],)
            )
            yield {
                "id": row["ocel_id"],
                "type": name,
                "attributes": [
                    {"name": a, "time": one["ocel_time"], "value": one[a]}
                    for one in (told if known else ())
                    for a in [one["ocel_changed_field"]]
                ],
                "relationships": [{"objectId": target, "qualifier": role} for target, role in related],
            }


def _events(db: sqlite3.Connection, types: dict[str, str]) -> Iterator[dict[str, Any]]:
    known = event_types()
    for name, table in types.items():
        kinds = known.get(name, {})
        for row in db.execute(f'SELECT * FROM "event_{table}" ORDER BY ocel_time, ocel_id'):
            related = db.execute(
                "SELECT ocel_object_id, ocel_qualifier FROM event_object WHERE ocel_event_id = ?", (row["ocel_id"],)
            )
            yield {
                "id": row["ocel_id"],
                "type": name,
                "time": row["ocel_time"],
                "attributes": [
                    {"name": a, "value": bool(row[a]) if kind == "boolean" else row[a]}
                    for a, kind in kinds.items()
                    if row[a] is not None
                ],
                "relationships": [{"objectId": target, "qualifier": role} for target, role in related],
            }


def _stored(text: str, kind: str) -> object:
    return READ[kind](text) if kind in READ else text
