"""Searches whole databases and folders for words that must not be there."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncpg

TABLES = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'alembic_version' ORDER BY 1"""
PIECE = 16 * 1024 * 1024


async def found_in_tables(raw: asyncpg.Connection, words: Iterable[str]) -> list[str]:
    """Give `table.column: word` for every word that some value of the database holds, bytes included."""
    wanted = {word: word.encode() for word in words}
    found: set[str] = set()
    for row in await raw.fetch(TABLES):
        for record in await raw.fetch(f"SELECT * FROM {row[0]}"):
            for column, value in record.items():
                held = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
                found.update(f"{row[0]}.{column}: {word}" for word, sought in wanted.items() if sought in held)
    return sorted(found)


def found_in_files(root: Path, words: Iterable[str]) -> list[str]:
    """Give `file: word` for every word that some file below a folder holds, as its bytes are on the disk."""
    wanted = {word: word.encode() for word in words}
    found: set[str] = set()
    for path in _files(root):
        with path.open("rb") as file:
            kept = b""
            while piece := file.read(PIECE):
                held = kept + piece
                found.update(f"{path.relative_to(root)}: {word}" for word, sought in wanted.items() if sought in held)
                kept = piece[-200:]
    return sorted(found)


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
