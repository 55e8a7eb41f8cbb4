"""`recourse returns`: regulators' returns, counted from what is on record."""

import csv
import sys
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.export import read_into
from deploy.local.cli.instant import AsOfOption
from deploy.local.cli.showing import DIM, grid
from deploy.local.environment import ROOT
from deploy.local.errors import UsageError
from services.casebook.exports.complaints import Complaint, Complaints
from services.casebook.exports.returns import Cell, ReturnForm, count, half_year, rows
from shared.runtime.policy_files import read_policy

HalfOption = Annotated[str, typer.Option("--half", metavar="YYYYH1", help="The half-year, such as 2026H1.")]
ExplainOption = Annotated[
    str | None, typer.Option("--explain", metavar="CELL", help="List the cases behind this figure.")
]
PoliciesOption = Annotated[Path, typer.Option("--policies", metavar="DIR", help="Where returns/*.yaml are.")]

group = typer.Typer(no_args_is_help=True, help="Count a regulator's return; every figure can name its cases.")


@group.command("fca-disp")
def fca_disp(
    half: HalfOption,
    explain: ExplainOption = None,
    as_of: AsOfOption = None,
    policies: PoliciesOption = ROOT / "policies",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count the half-yearly complaints return of the UK's FCA (DISP 1.10).

    The same --as-of gives the same figures for ever: they are counted from
    what was on record then. docs/exports.md says what each counts, and which
    parts of the form the record cannot fill.

    JSON: {"return", "version", "half", "cells": [{"name", "title", "value",
    "cases": [tracking code]}], "heads": {log: {part: position}}}.
    """
    _counted("fca_disp", half, explain, as_of, policies, open_context(home, as_json))


@group.command("asic-rg271")
def asic_rg271(
    half: HalfOption,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.csv", help="Write the rows there.")
    ] = None,
    explain: ExplainOption = None,
    as_of: AsOfOption = None,
    policies: PoliciesOption = ROOT / "policies",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count Australia's internal dispute resolution report, a row a complaint.

    JSON: as of `returns fca-disp`, and "rows".
    """
    context = open_context(home, as_json)
    form, complaints, heads = _gathered("asic_rg271", as_of, policies, context)
    if out is not None:
        with out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            told = list(rows(form, half_year(half, form.zone), complaints))
            writer.writerow(told[0] if told else [])
            writer.writerows(one.values() for one in told)
    _tell(form, half, explain, complaints, heads, context)
    if out is not None and not as_json:
        sys.stdout.write(f"{out}: {len(told)} complaints.\n")


def _counted(name: str, half: str, explain: str | None, as_of: str | None, policies: Path, context: Context) -> None:
    form, complaints, heads = _gathered(name, as_of, policies, context)
    _tell(form, half, explain, complaints, heads, context)


def _gathered(
    name: str, as_of: str | None, policies: Path, context: Context
) -> tuple[ReturnForm, list[Complaint], dict[str, dict[int, int]]]:
    form = read_policy(policies / "returns" / f"{name}.yaml", ReturnForm)
    gathered = Complaints()
    heads = read_into(context, gathered.add, as_of)
    return form, gathered.of(form.complaints), heads


def _tell(
    form: ReturnForm,
    half: str,
    explain: str | None,
    complaints: list[Complaint],
    heads: dict[str, dict[int, int]],
    context: Context,
) -> None:
    period = half_year(half, form.zone)
    cells = count(form, period, complaints)
    if explain is not None:
        cells = [cell for cell in cells if cell.name == explain]
        if not cells:
            raise UsageError(f"--explain: there is no cell {explain!r}", "Take a name from the first column.")
    data = {
        "return": form.title,
        "version": form.version,
        "half": half,
        "cells": [
            {
                "name": cell.name,
                "title": cell.title,
                "value": str(cell.value),
                "cases": [one.tracking_code for one in cell.complaints],
            }
            for cell in cells
        ],
        "rows": list(rows(form, period, complaints)),
        "heads": heads,
    }
    context.emit(data, lambda out: _show(out, data, cells, explained=explain is not None))


def _show(out: Console, data: dict[str, Any], cells: list[Cell], *, explained: bool) -> None:
    out.print(Text.assemble((data["return"], "bold"), f"  {data['half']}"))
    for cause, own in groupby(cells, key=lambda cell: cell.name.rpartition(".")[0]):
        if cause:
            out.print(Text(f"cause: {cause}", "bold"))
        table = grid(32, 8, None)
        for cell in own:
            table.add_row(cell.name, f"{cell.value:,}", Text(cell.title, DIM))
        out.print(table)
    if explained:
        for one in cells[0].complaints:
            received = one.received_at.date().isoformat() if one.received_at else ""
            out.print(f"  {one.tracking_code}  received {received}, {one.leading_kind}, {one.ended}")
    events = sum(sum(of_log.values()) for of_log in data["heads"].values())
    out.print(Text(f"Form {data['version']}; counted from {events:,} events (--json names the positions).", DIM))


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="returns")
