"""`recourse policy evaluate`: what a pack answers to structured requests, and why."""

from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.policy_requests import (
    Answered,
    PolicyOption,
    RecordsOption,
    RequestsArgument,
    ask,
    chooser,
    read_requests,
)
from deploy.local.cli.showing import DIM, grid, one_line, words
from services.triage.domain.policies.evaluation import PolicyAnswer, TraceStep

COLOURS = {"allowed": "green", "refused": "red", "discretionary": "yellow", "needs_information": "cyan"}


def evaluate(
    requests: RequestsArgument, policy: PolicyOption = None, records: RecordsOption = None, as_json: JsonOption = False
) -> None:
    """Answer requests by a pack on this machine; nothing is published or recorded, no stack is needed.

    The exit code is 1 if an answer is not as the requests expect.

    JSON: an answer; for several requests {"answers": [...]}, null for one that its `only_if` left out.
    """
    items = read_requests(requests)
    answered = ask(items, chooser(policy), records)
    answers = [one.answer.model_dump(mode="json") if one.answer else None for one in answered]
    data: Any = answers[0] if len(answers) == 1 else {"answers": answers}
    context = open_context(None, as_json)
    context.emit(data, lambda out: _show(out, answered))
    raise typer.Exit(1 if any(one.as_expected is False for one in answered) else 0)


def _show(out: Console, answered: list[Answered]) -> None:
    if len(answered) == 1 and answered[0].answer:
        show_answer(out, answered[0].answer)
        return
    table = grid(26, 26, 18, 8)
    for one in answered:
        outcome = one.answer.outcome if one.answer else "not asked"
        mark = {True: "", False: " != expected", None: ""}[one.as_expected]
        table.add_row(
            Text(one_line(one.item.name), DIM),
            Text(words(one.item.request.action) or one.item.request.reading.kind),
            Text(words(outcome), COLOURS.get(outcome, "")),
            Text((one.answer.clause.clause if one.answer else "") + mark),
        )
    out.print(table)
    asked = [one for one in answered if one.answer]
    counts = {o: sum(one.answer.outcome == o for one in asked if one.answer) for o in [*COLOURS, "needs_person"]}
    told = ", ".join(f"{number} {words(outcome)}" for outcome, number in counts.items() if number)
    judged = [one for one in asked if one.as_expected is not None]
    expected = f"; {sum(bool(one.as_expected) for one in judged)} of {len(judged)} as expected" if judged else ""
    out.print(f"{len(asked)} requests: {told}{expected}.", soft_wrap=True)
    for one in judged:
        if not one.as_expected and one.answer:
            got = f"{one.answer.outcome} {one.answer.clause.clause}"
            out.print(Text(f"{one.item.name} request {one.item.number}: {got}, not {one.item.expect}"), soft_wrap=True)


def show_answer(out: Console, answer: PolicyAnswer) -> None:
    """Draw one answer: outcome and clause, what is said, and the rows that matched."""
    clause = answer.clause
    head = (words(answer.outcome), f"bold {COLOURS.get(answer.outcome, '')}".strip())
    out.print(Text.assemble(head, f"  {clause.policy} {clause.version}, clause {clause.clause}"))
    facts = grid(13, None)
    said = {
        "clause": clause.text,
        "limit": answer.limit if answer.outcome == "refused" else "",
        "reason": answer.reason if answer.outcome in {"refused", "discretionary"} else "",
        "grants": answer.what if answer.outcome == "allowed" else "",
        "an exception": answer.deviation if answer.outcome in {"refused", "discretionary"} else "",
        "appeal": answer.appeal if answer.outcome == "refused" else "",
        "note": answer.note if answer.outcome in {"needs_person", "discretionary"} else "",
        "authority": f"{answer.authority.role} ({answer.authority.why})" if answer.authority else "",
        "working days": str(answer.working_days) if answer.outcome == "allowed" else "",
        "value": "" if answer.limit_value is None else str(answer.limit_value),
    }
    for name, text in said.items():
        if text:
            facts.add_row(Text(name, DIM), Text(text))
    for offered in answer.alternatives if answer.outcome == "refused" else ():
        facts.add_row(Text("instead", DIM), Text(f"{offered.offer}: {offered.benefit}"))
    for missing in answer.missing:
        facts.add_row(Text("ask", DIM), Text(f"{missing.question} ({missing.path})"))
    for got in answer.looked_up:
        told = f"{got.record} {got.id}: {got.source}, {got.age_seconds or 0:.0f} s old" + (
            "" if got.found else ", not found"
        )
        facts.add_row(Text("looked up", DIM), Text(told))
    for step in answer.trace:
        facts.add_row(Text("rule" if step.rule else "derived", DIM), Text(told_step(step)))
    out.print(facts)


def told_step(step: TraceStep) -> str:
    """Say one step of a trace in a line."""
    if not step.rule:
        plain = {name: value for name, value in step.values.items() if isinstance(value, str | int | float | None)}
        more = len(step.values) - len(plain)
        said = [f"{name} = {value}" for name, value in plain.items()] + ([f"{more} lists"] if more else [])
        return f"{step.table}: " + ", ".join(said)
    met = "; ".join(f"{one.field}: {one.condition}" for one in step.conditions)
    return f"{step.table}, {step.rule}: {step.meaning}" + (f" [{met}]" if met else " [no condition]")


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(evaluate)
