"""`recourse policy audit`: which of the things that agents granted the policy does not allow."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import RootModel, ValidationError
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.policy_requests import load_pack
from deploy.local.cli.showing import DIM, grid, one_line, words
from deploy.local.environment import ROOT
from services.triage.adapters.records_file import RecordsFile
from services.triage.domain.policies.audit_runs import Run
from services.triage.domain.policies.auditing import Audited, Tally, audit, tally
from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import read_policy

PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="Runs as JSON lines, or a folder of such files.")]
PolicyChoice = Annotated[
    str | None,
    typer.Option("--policy", metavar="DIR|NAME", help="The pack; else the edition that each run was held under."),
]
RecordsChoice = Annotated[
    list[Path] | None,
    typer.Option("--records", metavar="FILE", help="JSON lines with `facts`; else those of the runs or beside them."),
]
NowOption = Annotated[
    str | None, typer.Option("--now", metavar="ISO", help="When the runs were held, where they do not say it.")
]
STATED_NOW = re.compile(r"current time is (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})")
TOLD = {"right": "right", "wrong": "wrong", "open": "left open", "none": "not judged"}


class Editions(RootModel[dict[str, str]]):
    """editions.yaml: the pack by the name of the policy document that a run names."""


def audit_runs(
    path: PathArgument,
    policy: PolicyChoice = None,
    records: RecordsChoice = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put every act of agents to the policy as it stood, on the records of that moment.

    Nothing is published or recorded, and no stack is needed. JSON: {"tally": {...}, "findings": [...]}.
    """
    runs = list(_runs(path))
    served = RecordsFile(*(records or _files(path) + _tasks(runs, path)))
    reservations = {
        record["reservation_id"]: record for (kind, _), record in served.records.items() if kind == "reservation"
    }
    customers = {
        str(record.get("user_id")): record for (kind, _), record in served.records.items() if kind == "customer"
    }
    editions = read_policy(ROOT / "policies" / "editions.yaml", Editions).root
    packs: dict[str, Any] = {}
    audited: list[Audited] = []
    for run in runs:
        name = policy or editions.get(Path(run.policy or "").stem)
        if not name:
            raise MalformedInput(f"{run.id} names no policy that has an edition", field="policy", fix="give --policy")
        pack = packs.setdefault(name, packs.get(name) or load_pack(name))
        audited += audit(run, reservations, customers, _held_at(run, now, path), pack.answer)
    counted = tally(audited, len(runs))
    data = {"tally": asdict(counted), "findings": [_finding(one) for one in audited if one.finding != "within"]}
    open_context(None, as_json).emit(data, lambda out: _show(out, audited, counted))


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.jsonl")) if path.is_dir() else [path]


def _runs(path: Path) -> Iterator[Run]:
    for file in _files(path):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise MalformedInput(f"cannot be read: {told}", field=str(file), fix="name a file of runs") from error
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    yield Run.model_validate_json(line)
                except ValidationError as error:
                    first = error.errors(include_url=False)[0]
                    inside = ".".join(str(part) for part in first["loc"])
                    raise MalformedInput(
                        first["msg"], field=f"{file}:{number}: {inside}", fix="give id, turns and labels.agent_actions"
                    ) from error


def _held_at(run: Run, now: str | None, path: Path) -> datetime:
    """Give when a run was held: as its first turn says, as the user says, or as the document states that it names."""
    stated = run.turns[0].at or now or _stated(run, path)
    try:
        return datetime.fromisoformat(stated or "")
    except ValueError as error:
        raise MalformedInput(f"{run.id} does not say when it was held", field="now", fix="give --now ISO") from error


def _stated(run: Run, path: Path) -> str | None:
    document = _document(run, path)
    found = STATED_NOW.search(document.read_text(encoding="utf-8")) if document else None
    return f"{found[1]}T{found[2]}" if found else None


def _document(run: Run, path: Path) -> Path | None:
    """Give the policy document that a run names, in the folder of data that the run lies in."""
    places = [home / run.policy for home in path.resolve().parents if run.policy]
    return next((place for place in places if place.is_file()), None)


def _tasks(runs: list[Run], path: Path) -> list[Path]:
    """Give the files of records beside the policy documents that the runs name."""
    homes = {document.parent.parent for run in runs if (document := _document(run, path))}
    return sorted(file for home in homes for file in (home / "tasks").glob("*.jsonl"))


def _finding(one: Audited) -> dict[str, Any]:
    return {
        "run": one.run,
        "act": one.write.number,
        "after_turn": one.write.act.after_turn,
        "name": one.write.act.name,
        "arguments": one.write.act.arguments,
        "effect": one.write.effect,
        "finding": one.finding,
        "outcome": one.answer.outcome,
        "clause": one.answer.clause.model_dump(),
        "rule": next((step.rule for step in reversed(one.answer.trace) if step.rule), ""),
        "why": one.answer.reason or one.answer.note,
        "label": one.label,
    }


def _show(out: Console, audited: list[Audited], counted: Tally) -> None:
    table = grid(24, 28, 7, 7, 10)
    for one in audited:
        if one.finding != "within":
            colour = "red" if one.finding == "not_allowed" else "cyan"
            table.add_row(
                Text(one_line(one.run), DIM),
                Text(words(one.write.act.name)),
                Text(one.answer.clause.clause, colour),
                Text(one.write.effect),
                Text("unproven" if one.finding == "unproven" else TOLD[one.label]),
            )
    out.print(table)
    if audited and all(one.finding == "unproven" for one in audited):
        out.print("No act could be judged: give the records with --records.")
    by_clause = ", ".join(f"{clause} {number}" for clause, number in counted.by_clause.items())
    out.print(f"{counted.runs} runs, {counted.acts} acts that grant something.", soft_wrap=True)
    out.print(
        f"Not allowed by the policy: {counted.flagged}, of which {counted.flagged_and_done} came about ({by_clause}). "
        f"Unproven: {counted.unproven}.",
        soft_wrap=True,
    )
    if any(one.label != "none" for one in audited):
        wrong = counted.flagged_wrong + counted.missed_wrong
        right = counted.flagged_right + counted.passed_right
        out.print(
            f"By the labels: {counted.flagged_wrong} of {wrong} wrong acts flagged; {counted.flagged_right} of {right} "
            f"right acts flagged; {counted.flagged_open} flagged that the labels leave open.",
            soft_wrap=True,
        )
    for one in audited:
        if one.label == "wrong" and one.finding == "within":
            told = f"{one.run} act {one.write.number}, {words(one.write.act.name)}: unwanted, but allowed by clause"
            out.print(Text(f"{told} {one.answer.clause.clause}", DIM), soft_wrap=True)


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command("audit")(audit_runs)
