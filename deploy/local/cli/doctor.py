"""`recourse doctor`: look for what keeps the local stack from running."""

from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.cli.context import HomeOption, JsonOption, open_context
from deploy.local.doctor import Check, examine

COLOURS = {"ok": "green", "warning": "yellow", "failure": "red"}


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check this machine and this home; each finding comes with its fix. The exit code is 1 if one is a failure."""
    context = open_context(home, as_json)
    checks = list(examine(context.home))
    context.emit([asdict(check) for check in checks], lambda out: _show(out, checks))
    raise typer.Exit(1 if any(check.verdict == "failure" for check in checks) else 0)


def _show(out: Console, checks: list[Check]) -> None:
    table = Table("check", "verdict", "found", "fix", box=None)
    for check in checks:
        table.add_row(check.name, f"[{COLOURS[check.verdict]}]{check.verdict}[/]", check.found, check.fix)
    out.print(table)


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(doctor)
