"""The authority matrix file: ours loads, and each mistake is named with its place."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
import yaml

from services.approvals import CHARTER
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.commands import RequestException
from services.approvals.domain.reactions import react
from shared.contracts.approvals import ExceptionWithdrawn
from shared.contracts.catalogue import facts_of
from shared.contracts.triage import ExceptionProposed
from shared.kernel.errors import MalformedInput
from tests.support.exceptions import CASE, CLAUSE, EXCEPTION, MONDAY, REQUEST, WRITTEN, request, usd
from tests.support.recorded import recorded

CALENDAR = {"zone": "UTC", "hours": {"mon": [["09:00", "17:00"]]}, "holidays": ["2026-12-25"]}


def write(folder: Path, matrix: dict[str, Any], calendar: dict[str, Any] = CALENDAR) -> Path:
    """Write a policy directory and give its path."""
    for name, content in (("authority/matrix.yaml", matrix), ("calendars/default.yaml", calendar)):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(content))
    return folder


def test_a_written_matrix_loads(tmp_path: Path) -> None:
    rules = load_authority(write(tmp_path, WRITTEN))
    assert rules.matrix.roles["supervisor"].limit_in("USD") == usd(250)
    assert rules.calendar.hours[0]
    assert not rules.calendar.hours[1]


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(matrix: dict[str, Any]) -> None:
        for step in path[:-1]:
            matrix = matrix[step]
        matrix[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (_set("roles", "lead", "limitt", to=1), "roles.lead.limitt"),
        (_set("roles", "lead", "level", to=0), "roles.lead.level"),
        (_set("roles", "lead", "limit", to={"amount": 5, "currency": "usd"}), "roles.lead.limits.usd"),
        (_set("roles", "lead", "escalates_to", to="boss"), "there is no role boss"),
        (_set("roles", "supervisor", "escalates_to", to="lead"), "lead is not on a higher level"),
        (_set("roles", "lead", "escalates_to", to=None), "roles.lead.escalates_to: missing"),
        (_set("roles", "manager", "kinds", to=["other"]), "the highest level must decide every kind"),
        (_set("roles", "supervisor", "kinds", to=["other"]), "does not decide all of its kinds"),
        (_set("roles", "manager", "limit", to={"amount": 9, "currency": "USD"}), "must not be below the limit"),
        (_set("unknown_amount", to={}), 'has no "*"'),
        (_set("unknown_amount", "*", to="boss"), "unknown_amount.*: there is no role boss"),
        (_set("unknown_amount", "other", to="lead"), "lead does not decide this kind"),
        (_set("quorum", 1, "needs", to={"kind": "any", "needed": 2}), "use kind n"),
        (_set("quorum", 1, "needs", to={"kind": "all", "named": ["sue"], "needed": 2}), "set needed to 1"),
        (_set("quorum", 1, "needs", to={"kind": "n", "named": ["sue"], "needed": 2}), "more than the 1 who may agree"),
        (_set("delegations", 0, "delegate", to="max"), "remove the entry"),
        (_set("delegations", 0, "last_day", to="2026-01-01"), "last_day is before first_day"),
        (_set("delegations", 0, "role", to="boss"), "delegations.0.role"),
    ],
)
def test_a_mistake_in_the_matrix_is_named(tmp_path: Path, mistake: Callable[[dict[str, Any]], None], said: str) -> None:
    matrix = deepcopy(WRITTEN)
    mistake(matrix)
    with pytest.raises(MalformedInput) as caught:
        load_authority(write(tmp_path, matrix))
    assert "matrix.yaml" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("zone", "Mars/Base", "is no zone"),
        ("hours", {"monday": []}, "monday is no weekday"),
        ("hours", {"mon": [["09:00", "17:00"], ["16:00", "18:00"]]}, "overlap"),
        ("hours", {"mon": []}, "nobody ever works"),
    ],
)
def test_a_mistake_in_the_calendar_is_named(tmp_path: Path, field: str, value: Any, said: str) -> None:
    with pytest.raises(MalformedInput, match=said):
        load_authority(write(tmp_path, WRITTEN, CALENDAR | {field: value}))


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput, match="authority/matrix"):
        load_authority(tmp_path)
    write(tmp_path, WRITTEN)
    (tmp_path / "authority" / "matrix.yaml").write_text("roles: [")
    with pytest.raises(MalformedInput, match="is not YAML"):
        load_authority(tmp_path)


def test_a_proposal_of_triage_is_requested() -> None:
    proposal = ExceptionProposed(
        case_id=CASE,
        exception_id=EXCEPTION,
        request_id=REQUEST,
        kind="buyers_remorse",
        clause=CLAUSE,
        deviation="full refund after 40 days",
        reason="loyal customer",
        proposed_by="ana",
        language="en",
        amount=usd(100),
    )
    assert react(recorded(proposal), proposal, MONDAY) == [request(usd(100))]
    assert isinstance(request(), RequestException)


def test_other_facts_ask_nothing_of_approvals() -> None:
    fact = ExceptionWithdrawn(
        case_id=CASE, exception_id=uuid5(EXCEPTION, "x"), request_id=REQUEST, withdrawn_by="ana", reason="r"
    )
    assert react(recorded(fact), fact, MONDAY) == []


def test_the_charter_names_every_fact_of_approvals() -> None:
    assert CHARTER.publishes == tuple(facts_of("approvals"))


def test_the_files_that_ship_load() -> None:
    assert load_authority(Path(__file__).parents[2] / "policies").matrix.version
