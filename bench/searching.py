"""Looks for words in every file, table, backup and record of a home."""

import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.databases import with_database
from deploy.local.home import Home
from deploy.local.postgres import LocalPostgres, binaries
from deploy.topics import every_topic

CHUNK = 1 << 20
CANARY = "canary0"
OUTSIDE = ("mailbox",)
"""What has left the house: mails that were delivered."""


@dataclass
class Search:
    """Words to look for, which all begin as `CANARY`, and one that must be found everywhere, so that looking works."""

    words: Sequence[bytes]
    must: bytes
    found: list[str] = field(default_factory=list)
    control: set[str] = field(default_factory=set)
    size: int = 0

    def look(self, kind: str, where: str, chunks: Iterable[bytes]) -> None:
        """Look through bytes that come in pieces; a word may lie across two of them."""
        longest = max(len(self.must), *map(len, self.words))
        tail, seen = b"", set[bytes]()
        for chunk in chunks:
            self.size += len(chunk)
            data = tail + chunk
            if CANARY.encode() in data:
                seen |= {word for word in self.words if word in data}
            if self.must in data:
                self.control.add(kind)
            tail = data[-longest:]
        self.found += [f"{where}: {word.decode()}" for word in sorted(seen)]


async def search(home: Home, words: Sequence[str], control: str) -> Search:
    """Search a home whose stack runs; `control` is a word that is in the clear in tables, backups and topics."""
    looking = Search([word.encode() for word in words], control.encode())
    admin = LocalPostgres(home.postgres).url()
    _files(home, admin, looking)
    _tables(admin, looking)
    _backup(admin, looking)
    await _topics(home, looking)
    return looking


def _files(home: Home, admin: str, looking: Search) -> None:
    """Every file as it is: tables, write-ahead log, Kafka's segments, logs; what is in memory is written first."""
    with psycopg.connect(admin, autocommit=True) as connection:
        for statement in ("CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"):
            connection.execute(statement.encode())
    for path in sorted(home.root.rglob("*")):
        place = path.relative_to(home.root)
        if path.is_file() and not path.is_symlink() and place.parts[0] not in OUTSIDE:
            with suppress(FileNotFoundError):  # a file that was dropped meanwhile
                looking.look(f"files of {place.parts[0]}", str(place), _pieces(path))


def _tables(admin: str, looking: Search) -> None:
    """Every row of every table of every database; long values are unpacked."""
    for name in _databases(admin):
        with psycopg.connect(with_database(admin, name)) as connection:
            connection.execute("SET bytea_output = 'escape'")
            tables = connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname <> 'pg_catalog'"
            ).fetchall()
            for (table,) in tables:
                with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as rows:
                    looking.look("tables", f"{name}.{table}", map(bytes, rows))


def _databases(admin: str) -> list[str]:
    with psycopg.connect(admin) as connection:
        return [row[0] for row in connection.execute("SELECT datname FROM pg_database WHERE datallowconn")]


def _backup(admin: str, looking: Search) -> None:
    """A backup that is made now, as operators make it."""
    for name in _databases(admin):
        with tempfile.TemporaryDirectory() as place:
            target = Path(place) / "backup.sql"
            dump: list[str | Path] = [binaries() / "pg_dump", "-d", with_database(admin, name), "-f", target]
            subprocess.run(dump, check=True, capture_output=True)
            looking.look("backup", f"pg_dump {name}", _pieces(target))


async def _topics(home: Home, looking: Search) -> None:
    """Every record of every topic, unpacked, with its headers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=f"127.0.0.1:{home.state().ports['kafka']}", enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(one.name, part) for one in every_topic() for part in range(one.partitions)]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning()
        left = {place for place, end in ends.items() if end}
        while left:
            for place, records in (await consumer.getmany(*left, timeout_ms=500)).items():
                looking.look("topics", place.topic, (_whole(record) for record in records))
            left = {place for place in left if await consumer.position(place) < ends[place]}
    finally:
        await consumer.stop()


def _whole(record: Any) -> bytes:
    headers = b" ".join(name.encode() + b"=" + value for name, value in record.headers)
    return b" ".join((record.key or b"", headers, record.value or b""))


def _pieces(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
