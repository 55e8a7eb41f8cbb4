"""`recourse policy check`: what is wrong with a pack, before a customer finds it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.policy_requests import pack_home
from deploy.local.environment import ROOT
from services.triage.adapters.pack_check import check_pack, known_around
from services.triage.adapters.pack_files import read_pack_files
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.policy_store import BUSINESS, PackKind
from services.triage.adapters.reply_check_files import load_checker
from services.triage.adapters.saying import wrong_texts
from services.triage.domain.policies.checking import Finding

COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def check(
    pack: Annotated[str, typer.Argument(metavar="DIR|NAME", help="A pack's directory, or the name of a shipped one.")],
    show_notes: Annotated[bool, typer.Option("--notes", help="Also what each table's last row catches, and more.")] = (
        False
    ),
    as_json: JsonOption = False,
) -> None:
    """Find gaps, rows that are never reached, clauses without alternative, dead references, missing languages.

    A pack that loads is also made to say every text that it has, and the texts go through the reply check.
    One line a finding: file, row or clause, problem, fix. Exit code 1 when there is an error, else 0.
    JSON: {"findings": [{"severity", "file", "place", "problem", "fix"}], "errors", "warnings"}.
    """
    home = pack_home(pack)
    files = read_pack_files(home)
    found = check_pack(files, datetime.now(UTC).date(), known_around(Path(home).parent))
    if not any(one.severity == "error" for one in found) and files.parsed("pack.yaml", PackKind).kind == BUSINESS:
        found = sorted([*wrong_texts(PolicyPack(files), load_checker(ROOT / "policies")), *found], key=_weight)
    counts = {severity: sum(one.severity == severity for one in found) for severity in COLOURS}
    data = {
        "findings": [
            {"severity": f.severity, "file": f.file, "place": f.place, "problem": f.problem, "fix": f.fix}
            for f in found
        ],
        "errors": counts["error"],
        "warnings": counts["warning"],
    }
    open_context(None, as_json).emit(data, lambda out: _show(out, found, counts, show_notes))
    if counts["error"]:
        raise typer.Exit(1)


def _weight(finding: Finding) -> int:
    return list(COLOURS).index(finding.severity)


def _show(out: Console, found: list[Finding], counts: dict[str, int], show_notes: bool) -> None:
    for one in found:
        if one.severity != "note" or show_notes:
            out.print(Text.assemble((one.severity, COLOURS[one.severity]), f" {one}"), soft_wrap=True)
    tables = [one for one in found if one.severity == "note" and " rows checked on " in one.problem]
    rows = sum(int(one.problem.split()[0]) for one in tables)
    sample = [one for one in tables if "a sample of" in one.problem]
    how = f"{len(sample)} of them on a sample" if sample else "on every combination that their cells tell apart"
    notes = "" if show_notes else f", {counts['note']} notes (--notes)"
    if not tables:
        out.print(f"A pack without tables: {counts['error']} errors, {counts['warning']} warnings{notes}.")
        return
    out.print(
        f"{len(tables)} tables, {rows} rows checked {how}: "
        f"{counts['error']} errors, {counts['warning']} warnings{notes}.",
        soft_wrap=True,
    )


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(check)
