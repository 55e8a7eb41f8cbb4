"""`make schemas`: write the frozen JSON Schema of every published fact; `--check` only compares."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.docs.compatibility import breaks
from deploy.docs.wire_schema import schema_of
from shared.contracts import catalogue
from shared.contracts.event import REGISTRY

SCHEMAS = Path(catalogue.__file__).parent / "schemas"


def generated() -> dict[str, dict[str, Any]]:
    """Give the schema of every fact class as it is now, by wire type."""
    return {wire: schema_of(fact) for wire, fact in REGISTRY.items()}


def frozen(folder: Path = SCHEMAS) -> dict[str, dict[str, Any]]:
    """Give the schemas in a folder, by wire type."""
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def text_of(schema: dict[str, Any]) -> str:
    """Give the text that a schema's file holds."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def broken(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    """Name every change that would break the promise of frozen schemas; each line names the type and the fix."""
    problems = []
    for wire, schema in old.items():
        if wire not in new:
            problems.append(f"{wire}: the class is gone; facts of it are in the log for ever, so bring it back")
        else:
            fix = f"leave {wire} as it was, and publish a new version with an upcaster"
            problems += [f"{wire}: {change} ({fix})" for change in breaks(schema, new[wire])]
    return problems


def drift(folder: Path = SCHEMAS) -> list[str]:
    """Name every type whose file does not say what its class says."""
    new = generated()
    return [
        f"{wire}: the schema file is {'out of date' if path.exists() else 'missing'} (run: make schemas)"
        for wire, schema in new.items()
        if not (path := folder / f"{wire}.json").exists() or path.read_text("utf-8") != text_of(schema)
    ]


def main(arguments: Sequence[str], folder: Path = SCHEMAS) -> int:
    """Write the schemas, or with `--check` compare them. Gives 1, and writes nothing, where a released type broke."""
    new = generated()
    checking = list(arguments) == ["--check"]
    if arguments and not checking:
        print(f"unknown argument {arguments[0]} (known: --check)", file=sys.stderr)
        return 2
    problems = broken(frozen(folder), new) + (drift(folder) if checking else [])
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    if not checking:
        folder.mkdir(exist_ok=True)
        for wire, schema in new.items():
            (folder / f"{wire}.json").write_text(text_of(schema), "utf-8")
    print(f"{len(new)} schemas {'hold' if checking else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
