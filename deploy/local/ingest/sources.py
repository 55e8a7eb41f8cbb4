"""Finds what to ingest among files and folders, and says what it passes over and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.errors import UsageError
from deploy.local.ingest.dialogues import holds_dialogues
from deploy.local.ingest.mails import looks_like_a_mail


@dataclass
class Sources:
    """Files of dialogues, files of mails, and files passed over by the reason why."""

    dialogues: list[Path] = field(default_factory=list)
    mails: list[Path] = field(default_factory=list)
    passed_over: dict[str, list[Path]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many bytes there are to take in."""
        return sum(path.stat().st_size for path in (*self.dialogues, *self.mails))

    def pass_over(self, path: Path, why: str) -> None:
        """Note a file that is left out."""
        self.passed_over.setdefault(why, []).append(path)

    def notes(self) -> list[str]:
        """What was passed over, in words."""
        return [
            f"passed over: {files[0]}, {why}" if len(files) == 1 else f"passed over: {len(files)} files, {why}"
            for why, files in self.passed_over.items()
        ]


def find_sources(paths: Sequence[Path]) -> Sources:
    """Look through files and, in order of name, folders; UsageError for a path that is not there or holds nothing.

    A file that is named itself must hold something; one found in a folder may be passed over.
    """
    found = Sources()
    for path in paths:
        before = len(found.dialogues) + len(found.mails)
        try:
            _look(path, found)
        except OSError as error:
            raise UsageError(f"{error.filename}: {error.strerror}", "Name a readable file or folder.") from error
        if len(found.dialogues) + len(found.mails) == before:
            reasons = "; ".join(found.notes()) or "it is empty"
            raise UsageError(f"{path} holds nothing to ingest ({reasons})", "Name .eml, .txt or .jsonl files.")
    found.dialogues = list(dict.fromkeys(found.dialogues))
    found.mails = list(dict.fromkeys(found.mails))
    return found


def _look(path: Path, found: Sources) -> None:
    if path.is_dir():
        for entry in sorted(path.iterdir()):
            if not entry.name.startswith("."):
                _look(entry, found)
        return
    match path.suffix.lower():
        case ".eml":
            path.open("rb").close()
            found.mails.append(path)
        case ".txt" if looks_like_a_mail(path):
            found.mails.append(path)
        case ".txt":
            found.pass_over(path, "text without the headers of a mail")
        case ".jsonl" if holds_dialogues(path):
            found.dialogues.append(path)
        case ".jsonl":
            found.pass_over(path, "no line is a dialogue (with `turns`)")
        case _:
            path.open("rb").close()
            found.pass_over(path, "neither .eml, .txt nor .jsonl")
