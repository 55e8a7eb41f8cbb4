"""What ingest reads from files: dialogues, mails, and what was wrong."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be taken in: where it stands, which field, what is wrong, and the fix."""

    where: str
    field: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.field}: {self.problem} ({self.fix})"


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said: its number in the file's order, and the body that a door takes."""

    number: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation of one customer; `turns` are in order of time, `silent` counts those in which nobody spoke.

    `size` is how many bytes of the file it took.
    """

    where: str
    conversation: str
    channel: str
    turns: tuple[Turn, ...]
    silent: int
    size: int


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's bytes as they stand in the file, and who the envelope says sent it; empty for a null return path."""

    path: Path
    content: bytes
    sender: str
