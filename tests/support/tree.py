"""The repository as files and modules, for tests of its shape."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
DECIDING = ("intake", "triage", "approvals", "followup")
SERVICES = (*DECIDING, "casebook")


@cache
def tracked() -> tuple[Path, ...]:
    """Give every file that is under version control and still there, relative to the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file())


def sources(*folders: str) -> list[Path]:
    """Give the Python files under folders of the repository, relative to it; migrations are not among them."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path.relative_to(ROOT) for path in found if "migrations" not in path.parts)


def module_of(path: Path) -> ModuleType:
    """Import the module of a file given relative to the repository."""
    parts = path.with_suffix("").parts
    return import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def parsed(path: Path) -> ast.Module:
    """Give the syntax tree of a file given relative to the repository."""
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


def services_there() -> Iterator[str]:
    """Give the names of the folders in `services/` that hold code."""
    for folder in sorted((ROOT / "services").iterdir()):
        if folder.is_dir() and any(folder.rglob("*.py")):
            yield folder.name
