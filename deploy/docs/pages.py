"""`make docs`: write docs/events.md and docs/asyncapi.yaml; `--check` only compares."""

import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.docs.asyncapi import asyncapi
from deploy.docs.charters import chartered
from deploy.docs.events_page import events_page
from deploy.docs.samples import released
from deploy.topics import declared_topics

DOCS = Path(__file__).parents[2] / "docs"


def pages() -> dict[str, str]:
    """Give the text of each generated page by its name in docs/; raises LookupError where a sample is missing."""
    services, samples = chartered(), released()
    return {
        "events.md": events_page(services, samples),
        "asyncapi.yaml": asyncapi(services, declared_topics(), samples),
    }


def main(arguments: Sequence[str], folder: Path = DOCS) -> int:
    """Write the pages, or with `--check` compare them. Gives 1 where one is out of date or cannot be made."""
    checking = list(arguments) == ["--check"]
    if arguments and not checking:
        print(f"unknown argument {arguments[0]} (known: --check)", file=sys.stderr)
        return 2
    try:
        made = pages()
    except LookupError as missing:
        print(missing.args[0], file=sys.stderr)
        return 1
    if not checking:
        folder.mkdir(exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text, "utf-8")
        print(f"written: {', '.join(made)}")
        return 0
    stale = [name for name, text in made.items() if not _holds(folder / name, text)]
    for name in stale:
        print(f"docs/{name} is out of date (run: make docs)", file=sys.stderr)
    return 1 if stale else 0


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
