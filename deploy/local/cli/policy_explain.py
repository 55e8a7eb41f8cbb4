"""`recourse policy explain`: in sentences, which rows answered a request and why the rows before them did not."""

from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.policy_evaluate import show_answer
from deploy.local.cli.policy_requests import (
    PolicyOption,
    RecordsOption,
    RequestsArgument,
    ask,
    chooser,
    read_requests,
)
from deploy.local.cli.showing import DIM, words
from services.triage.adapters.pack_text import Explained, explain
from services.triage.domain.policies.evaluation import PolicyAnswer


def explain_requests(
    requests: RequestsArgument, policy: PolicyOption = None, records: RecordsOption = None, as_json: JsonOption = False
) -> None:
    """Explain the answers to requests, offline.

    JSON: [{"answer", "tables": [{"table", "row", "meaning", "conditions", "passed_over", "derived"}]}].
    """
    items = read_requests(requests)
    told = [
        (one.answer, explain(one.pack, one.request) if one.answer.trace else [])
        for one in ask(items, chooser(policy), records)
        if one.answer is not None
    ]
    data: list[dict[str, Any]] = [
        {"answer": answer.model_dump(mode="json"), "tables": [asdict(table) for table in tables]}
        for answer, tables in told
    ]
    open_context(None, as_json).emit(data, lambda out: _show(out, told))


def _show(out: Console, told: list[tuple[PolicyAnswer, list[Explained]]]) -> None:
    for answer, tables in told:
        show_answer(out, answer)
        if not tables:
            asked = ", ".join(one.path for one in answer.missing)
            out.print(f"No table was asked: {f'{asked} must be known first' if asked else answer.note}.")
        for table in tables:
            for line in sentences(table):
                out.print(Text(line, style="" if line.startswith("Row") else DIM))
        out.print()


def sentences(table: Explained) -> list[str]:
    """Say in sentences why a row answered, and for each row before it what did not hold."""
    met = [f"{name} is {said(value)} ({cell})" for name, cell, value in table.conditions]
    why = "; ".join(met) if met else "it has no conditions, and no row before it matched"
    lines = [f"Row {table.row} of table {table.table} answered ({table.meaning}): {why}."]
    lines += [
        f"  Row {over.row} did not ({over.meaning}): {over.field} is {said(over.value)} ({over.condition})."
        for over in table.passed_over
    ]
    return lines


def said(value: Any) -> str:
    """Say a value in a sentence."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "true" if value else "false"
        case []:
            return "an empty list"
        case list():
            return ", ".join(map(str, value))
        case _:
            return words(str(value))


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command(name="explain")(explain_requests)
