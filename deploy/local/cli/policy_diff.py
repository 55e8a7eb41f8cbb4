"""`recourse policy diff`: what a new version changes, and for which requests it answers otherwise."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.policy_requests import Answered, Item, RecordsOption, ask, load_pack, read_requests
from deploy.local.cli.showing import DIM, words
from services.triage.adapters.pack_files import PackFiles
from services.triage.adapters.pack_text import text_of
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.policies.diffing import Change, compare

Source = Annotated[str, typer.Argument(metavar="DIR|NAME|NAME@VERSION", help="NAME@VERSION is a published one.")]
COLOURS = {"added": "green", "removed": "red", "changed": "yellow", "moved": "cyan"}


def diff(
    old: Source,
    new: Source,
    requests: Annotated[
        str | None, typer.Option("--requests", metavar="FILE|DIR", help="Also which of these are answered otherwise.")
    ] = None,
    records: RecordsOption = None,
    home: HomeOption = None,
    user: AsOption = "audra",
    as_json: JsonOption = False,
) -> None:
    """Compare two versions of a pack: clauses, rows cell by cell, and outcomes on a set of requests.

    JSON: {"changes": [...], "outcomes": [{"item", "number", "before", "after"}], "asked"}.
    """
    context = open_context(home, as_json)
    before, after = (_pack(context, user, source) for source in (old, new))
    changes = compare(text_of(before), text_of(after))
    items = read_requests(requests) if requests else []
    pairs = _otherwise(items, before, after, records)
    data = {
        "changes": [asdict(change) for change in changes],
        "outcomes": [
            {"item": one.item.name, "number": one.item.number, "before": _told(one), "after": _told(other)}
            for one, other in pairs
        ],
        "asked": len(items),
    }
    context.emit(data, lambda out: _show(out, changes, pairs, len(items)))


def _pack(context: Context, user: str, source: str) -> PolicyPack:
    name, at, version = source.rpartition("@")
    if not at or Path(source).is_dir():
        return load_pack(source)
    with context.client("triage", user) as triage:
        found: dict[str, Any] = checked(triage.get(f"/policies/{name}/versions/{version}"))
    return PolicyPack(PackFiles(source, found["files"]))


def _otherwise(
    items: list[Item], before: PolicyPack, after: PolicyPack, records: list[Path] | None
) -> list[tuple[Answered, Answered]]:
    """Give the requests whose outcome or clause differs, with both answers."""
    asked = [ask(items, partial(_one, pack), records, strict=False) for pack in (before, after)]
    return [(one, other) for one, other in zip(*asked, strict=True) if _told(one) != _told(other)]


def _one(pack: PolicyPack, _item: Item) -> PolicyPack:
    """Choose the pack under comparison, whatever policy a request names."""
    return pack


def _told(one: Answered) -> str:
    if one.answer is None:
        return "not asked"
    return f"{words(one.answer.outcome)} {one.answer.clause.clause}"


def _show(out: Console, changes: list[Change], pairs: list[tuple[Answered, Answered]], asked: int) -> None:
    file = ""
    for change in changes:
        if change.file != file:
            file = change.file
            out.print(Text(file, "bold"))
        out.print(Text.assemble("  ", (change.kind, COLOURS[change.kind]), f" {change}"))
    out.print(f"{len(changes)} changes." if changes else "Nothing differs.")
    if not asked:
        return
    for one, other in pairs:
        name = f"{one.item.name} request {one.item.number}"
        out.print(Text.assemble((f"  {name}: ", DIM), f"{_told(one)} → {_told(other)}"))
    out.print(f"{len(pairs)} of {asked} requests are answered otherwise.")


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(diff)
