"""Reads dialogue lines: `{"id", "channel", "turns": [{"speaker", "text", "at"?, ...}]}`, one JSON object a line."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from deploy.local.ingest.items import Dialogue, Problem, Turn

# The sources' own words for our channels.
ALSO_CALLED = {"web form": "web", "call": "phone", "reviews": "review"}
STARS = {"negative": 1, "neutral": 3, "mixed": 3, "positive": 5}
FIXES = {
    "id": "give every dialogue an id of its own: repeats are recognised by it",
    "channel": "name the channel that it was said on",
    "turns": "give a list of turns with speaker and text",
    "speaker": "write customer or agent",
    "text": "give what was said, as text",
    "at": "write UTC, such as 2026-11-24T09:00:00Z or 2026-11-24",
    "duration_ms": "give milliseconds, 0 or more",
}
NOON = time(12, tzinfo=UTC)


class TurnLine(BaseModel):
    """A turn as it stands in the file; other fields are the source's own labels."""

    speaker: Literal["customer", "agent"]
    text: str
    at: str | None = None
    asr_text: str | None = None
    duration_ms: int | None = Field(default=None, ge=0)


class DialogueLine(BaseModel):
    """A dialogue as it stands in the file; other fields are the source's own labels."""

    id: str = Field(min_length=1)
    channel: str
    turns: list[TurnLine] = Field(min_length=1)
    language: str | None = None
    title: str | None = None
    labels: dict[str, Any] = Field(default_factory=dict)


def holds_dialogues(path: Path) -> bool:
    """Whether some line of the file is an object with `turns`; gold labels, expectations and tasks have none."""
    with path.open("rb") as lines:
        return any(b'"turns"' in line and "turns" in (_object(line) or {}) for line in lines)


def read_dialogues(path: Path, channels: Collection[str]) -> Iterator[Dialogue | Problem]:
    """Read a file line by line; a line that is no dialogue on one of `channels` gives a problem, and the next goes on.

    OSError when the file cannot be read.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield read_line(line, f"{path}:{number}", channels)


def read_line(line: bytes, where: str, channels: Collection[str]) -> Dialogue | Problem:
    """Read one line; `where` names it in problems."""
    try:
        found = from_json(line)
    except ValueError as error:
        return Problem(where, "line", f"is not JSON: {error}", "write one JSON object a line")
    try:
        dialogue = DialogueLine.model_validate(found)
    except ValidationError as error:
        return _problem(where, error)
    channel = ALSO_CALLED.get(dialogue.channel, dialogue.channel)
    if channel not in channels:
        known = ", ".join(sorted({*channels, *(alias for alias, name in ALSO_CALLED.items() if name in channels)}))
        return Problem(where, "channel", f"there is no door for {dialogue.channel!r}", f"use one of: {known}")
    turns: list[Turn] = []
    for number, turn in enumerate(dialogue.turns):
        try:
            said_at = said(turn.at) if turn.at else None
        except ValueError:
            return Problem(where, f"turns.{number}.at", f"{turn.at!r} is no time", FIXES["at"])
        if body := _body(dialogue, channel, number, turn, said_at):
            turns.append(Turn(number, body))
    if turns and all("said_at" in turn.body for turn in turns):
        # The two sides of a recorded call are listed apart.
        turns.sort(key=lambda turn: str(turn.body["said_at"]))
    return Dialogue(where, dialogue.id, channel, tuple(turns), len(dialogue.turns) - len(turns), len(line))


def said(at: str) -> datetime:
    """Read a time as UTC; a date alone is noon of that day. Raises ValueError for anything else."""
    if len(at) == len("2026-11-24"):
        return datetime.combine(date.fromisoformat(at), NOON)
    read = datetime.fromisoformat(at)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def stars(labels: dict[str, Any]) -> int | None:
    """The stars of a review, from 1 to 5: as labelled, else by the polarity of its opinions; None if unknown."""
    given = labels.get("rating", labels.get("stars"))
    return given if isinstance(given, int) else STARS.get(str(labels.get("polarity")))


def _body(
    dialogue: DialogueLine, channel: str, number: int, turn: TurnLine, said_at: datetime | None
) -> dict[str, Any] | None:
    rating = stars(dialogue.labels) if channel == "review" else None
    if not turn.text.strip() and not turn.asr_text and rating is None:
        return None
    body = {
        "message_id": f"{dialogue.id}#{number}",
        "speaker": turn.speaker,
        "text": turn.text,
        "sender": {"kind": "handle", "address": dialogue.id},
        "said_at": said_at and said_at.isoformat(timespec="microseconds"),
        "subject": dialogue.title,
        "language": dialogue.language,
        "rating": rating,
        "second_transcript": turn.asr_text or None,
        "duration_ms": turn.duration_ms,
    }
    return {name: value for name, value in body.items() if value is not None}


def _problem(where: str, error: ValidationError) -> Problem:
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    named = next((part for part in reversed(path) if part in FIXES), "")
    return Problem(where, ".".join(path) or "line", first["msg"], FIXES.get(named, "see README, feeding the system"))


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = from_json(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
