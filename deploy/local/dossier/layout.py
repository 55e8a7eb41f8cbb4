"""What a dossier holds, and where: names that the writer and the checker share."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

FORMAT = "recourse-dossier/1"
MANIFEST, EVENTS, KEYS, CASE = "manifest.json", "evidence/events.jsonl", "evidence/keys.txt", "readable/case.json"
STATEMENTS, CHECKPOINTS = "evidence/key-statements/", "evidence/checkpoints/"
PAGE, PRINTED, HOW_TO = "readable/case.html", "readable/case.pdf", "HOW-TO-VERIFY.txt"
POLICIES, FILES = "policies/", "files/"


class Listed(BaseModel):
    """A file of the dossier: its path, its SHA-256 (hex) and its size in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """What the dossier is about and every file that it holds, but itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: str
    case_id: str
    tracking_code: str
    made_at: datetime
    made_by: str
    as_of: datetime | None = None
    events: int = Field(ge=0)
    files: tuple[Listed, ...]


class Proved(BaseModel):
    """One event with the proof that it is in the log: a line of the file of events.

    `header` is the exact text that is hashed, `body` the exact stored text (personal values are sealed in it). The
    leaf is SHA-256(0x00, SHA-256(header), SHA-256(body)) at `index` of the tree of `size` leaves under `checkpoint`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    log: str
    log_part: int
    position: int
    event_id: str
    type: str
    header: str
    body: str
    chain_hash: str
    index: int
    size: int
    proof: tuple[str, ...]
    checkpoint: str


def checkpoint_path(log: str, log_part: int) -> str:
    """Where the checkpoint of a log partition lies."""
    return f"{CHECKPOINTS}{log}-{log_part}.txt"


Shown = dict[str, Any]
