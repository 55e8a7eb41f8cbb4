"""Policy tasks: what a customer wants as structured requests, run through a pack and held against verdicts.

A file of tests/policy_tasks/<pack> holds one task a line:
{"task": id, "requests": [{"says": words, "request": {...}, "only_if": {"request": n, "outcome": o},
                           "expect": {"outcome", "clause", "missing": [path, ...]}}],
 "expect": {"outcome": "act" | "refuse_or_inform" | "escalate", "writes": [{"name", "arguments"}]}}

A request with `only_if` is asked only if the request of that number (from 0) was answered so. A record that an earlier
request of the task has changed is given in the request. tools.yaml names the act of the business's own system that an
allowed action leads to; an action without one writes nothing.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.records_file import RecordsFile
from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest
from services.triage.domain.policies.gathering import gather
from services.triage.domain.policies.lookups import Lookup
from services.triage.domain.policies.ruling import Outcome

ROOT = Path(__file__).parents[2]
TASKS = ROOT / "tests" / "policy_tasks"
DATA = Path(os.environ.get("RECOURSE_DATA") or ROOT.parent / "shared" / "data")
"""The real input data, beside the repository, or where RECOURSE_DATA says."""

TaskOutcome = Literal["act", "refuse_or_inform", "escalate"]


class Line(BaseModel):
    """Part of a task as written: a field that we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OnlyIf(Line):
    """When a request is asked: an earlier one, by number from 0, was answered with this outcome."""

    request: int = Field(ge=0)
    outcome: Outcome


class Verdict(Line):
    """What must be answered. A refusal needs an alternative and the way to appeal without saying so here."""

    outcome: Outcome
    clause: str | None = None
    missing: tuple[str, ...] | None = None


class Step(Line):
    """One request of a task."""

    says: str = ""
    request: PolicyRequest
    only_if: OnlyIf | None = None
    expect: Verdict


class Write(Line):
    """An act of the business's own system, with its arguments."""

    name: str
    arguments: dict[str, Any]


class TaskVerdict(Line):
    """What a task must end in: the outcome and what is written, in order."""

    outcome: TaskOutcome
    writes: tuple[Write, ...] = ()


class Task(Line):
    """One task as written."""

    task: str
    requests: tuple[Step, ...] = Field(min_length=1)
    expect: TaskVerdict


@dataclass(frozen=True, slots=True)
class TaskRun:
    """What became of a task. `answers` has None for a request not asked; `problems` is empty if all is right."""

    task: Task
    answers: tuple[PolicyAnswer | None, ...]
    outcome: TaskOutcome
    writes: tuple[Write, ...]
    problems: tuple[str, ...]


@cache
def pack(name: str) -> PolicyPack:
    """Give a shipped policy."""
    return PolicyPack(ROOT / "policies" / name)


@cache
def records(source: str) -> RecordsFile:
    """Give the records of a tasks file of the data, such as `tau2_retail`."""
    return RecordsFile(DATA / "tasks" / f"{source}.jsonl")


@cache
def tasks(name: str) -> tuple[Task, ...]:
    """Give the hand-derived tasks for a policy, such as `retail`, in the order of their files."""
    files = sorted((TASKS / name).glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return tuple(Task.model_validate_json(line) for line in lines)


@cache
def tools(name: str) -> dict[str, str]:
    """Give the act of the business's own system that each allowed action leads to."""
    return TypeAdapter(dict[str, str]).validate_python(
        yaml.safe_load((TASKS / name / "tools.yaml").read_text(encoding="utf-8"))
    )


@cache
def source_items(source: str) -> dict[str, Any]:
    """Give the items of a tasks file of the data by id, as its authors wrote them."""
    lines = (DATA / "tasks" / f"{source}.jsonl").read_text(encoding="utf-8").splitlines()
    return {item["id"]: item for item in map(json.loads, lines)}


async def run(name: str, task: Task, source: str) -> TaskRun:
    """Run one task of a policy on the records of a source."""
    return await run_task(task, pack(name), records(source).lookup, tools(name))


async def run_task(task: Task, policy: PolicyPack, lookup: Lookup, acts: Mapping[str, str]) -> TaskRun:
    """Ask the policy what a task asks, one request after the other, and compare."""
    answers: list[PolicyAnswer | None] = []
    for step in task.requests:
        if step.only_if and not _asked(step.only_if, answers):
            answers.append(None)
            continue
        request = await gather(step.request, policy.facts, lookup)
        answers.append(policy.answer(request))
    asked = [(step, answer) for step, answer in zip(task.requests, answers, strict=True) if answer]
    writes = tuple(_writes(asked, acts))
    outcome = _outcome([answer for _, answer in asked], writes)
    found = [f"request {number}: {text}" for number, text in _step_problems(task.requests, answers)]
    if outcome != task.expect.outcome:
        found.append(f"ends in {outcome}, not {task.expect.outcome}")
    if not _same(writes, task.expect.writes):
        found.append(f"writes {_names(writes)}, not {_names(task.expect.writes)}, or with other arguments")
    return TaskRun(task, tuple(answers), outcome, writes, tuple(found))


def _asked(when: OnlyIf, answers: Sequence[PolicyAnswer | None]) -> bool:
    before = answers[when.request] if when.request < len(answers) else None
    return before is not None and before.outcome == when.outcome


def _outcome(answers: Sequence[PolicyAnswer], writes: Sequence[Write]) -> TaskOutcome:
    if any(answer.outcome == "needs_person" for answer in answers):
        return "escalate"
    return "act" if writes else "refuse_or_inform"


def _writes(asked: Sequence[tuple[Step, PolicyAnswer]], acts: Mapping[str, str]) -> Iterator[Write]:
    for step, answer in asked:
        if answer.outcome == "allowed" and (tool := acts.get(step.request.action or "")):
            yield Write(name=tool, arguments=step.request.arguments)


def _step_problems(steps: Sequence[Step], answers: Sequence[PolicyAnswer | None]) -> Iterator[tuple[int, str]]:
    for number, (step, answer) in enumerate(zip(steps, answers, strict=True)):
        if answer is None:
            continue
        wanted = step.expect
        if answer.outcome != wanted.outcome:
            yield number, f"{answer.outcome} by {answer.clause.clause} ({answer.note}), not {wanted.outcome}"
        elif wanted.clause and answer.clause.clause != wanted.clause:
            yield number, f"clause {answer.clause.clause}, not {wanted.clause}"
        if answer.outcome == "refused" and not (
            answer.alternatives and answer.limit and answer.reason and answer.appeal
        ):
            yield number, "a refusal without limit, reason, alternative or appeal"
        if wanted.missing is not None and tuple(one.path for one in answer.missing) != wanted.missing:
            yield number, f"asks for {[one.path for one in answer.missing]}, not {list(wanted.missing)}"


def _same(done: Sequence[Write], wanted: Sequence[Write]) -> bool:
    """Tell whether the same is written in any order, by arguments that both name."""
    left = list(wanted)
    for one in done:
        match = next(
            (other for other in left if one.name == other.name and _agree(one.arguments, other.arguments)), None
        )
        if match is None:
            return False
        left.remove(match)
    return not left


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def _names(writes: Sequence[Write]) -> str:
    return ", ".join(write.name for write in writes) or "nothing"
