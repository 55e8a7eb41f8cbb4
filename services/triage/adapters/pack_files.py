"""The files of a policy pack, from a directory or from a published version: path → text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import parse_policy

M = TypeVar("M", bound=BaseModel)
SUFFIXES = frozenset({".yaml", ".yml", ".json", ".md", ".txt"})


@dataclass(frozen=True, slots=True)
class PackFiles:
    """A pack's files by path below its home, and `where` they come from, for messages."""

    where: str
    files: Mapping[str, str]

    def text(self, path: str) -> str:
        """Give a file's text; raises MalformedInput when the pack has no such file."""
        if path not in self.files:
            raise MalformedInput(
                "cannot be read: no such file", field=f"{self.where}/{path}", fix="add the file to the pack"
            )
        return self.files[path]

    def parsed(self, path: str, model: type[M]) -> M:
        """Read a YAML file as `model`; raises MalformedInput naming the file, the first wrong field and the fix."""
        return parse_policy(self.text(path), f"{self.where}/{path}", model)


def read_pack_files(home: Path) -> PackFiles:
    """Read a pack's directory; raises MalformedInput when there is none, or a file is no text."""
    if not home.is_dir():
        raise MalformedInput("is no directory", field=str(home), fix="name the directory of a policy pack")
    files: dict[str, str] = {}
    for path in sorted(home.rglob("*")):
        inside = path.relative_to(home)
        if path.suffix in SUFFIXES and path.is_file() and not any(part.startswith(".") for part in inside.parts):
            try:
                files[inside.as_posix()] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise MalformedInput(f"cannot be read: {error}", field=str(path), fix="store it as UTF-8") from error
    return PackFiles(str(home), files)
