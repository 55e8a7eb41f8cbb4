"""The matrix by currency, clause, floor and share: who decides, how many must agree, and when a no ends it."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from services.approvals.adapters.policy_files import clauses_of, known_kinds, load_authority
from services.approvals.domain.commands import DeadlinePassed
from services.approvals.domain.decider import make_decider
from services.approvals.domain.policies.authority import Matter, lowest_role, quorum_at
from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.policies.quorum import out_of_reach, quorum, share
from shared.contracts.approvals import (
    ApprovalGiven,
    ExceptionApproved,
    ExceptionEscalated,
    ExceptionRejected,
    ExceptionRequested,
    RejectionGiven,
)
from shared.contracts.values import ClauseRef, Money, Quorum
from shared.kernel.errors import MalformedInput
from tests.support.authority import FINAL, RETURNS, RULES, WIDE, no, yes
from tests.support.exceptions import CASE, request, requested, usd
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))
MATRIX = RULES.matrix


def eur(amount: str) -> Money:
    """Give an amount in euros."""
    return Money(amount=usd(amount).amount, currency="EUR")


@pytest.mark.parametrize(
    ("amount", "clause", "role"),
    [
        (usd(250), "shop/returns", "supervisor"),
        (usd("250.01"), "shop/returns", "manager"),
        (eur("230"), "shop/returns", "supervisor"),
        (eur("230.01"), "shop/returns", "manager"),
        (Money(amount=usd(1).amount, currency="JPY"), "shop/returns", "manager"),
        (usd(1), "shop/final", "manager"),
        (None, "shop/final", "manager"),
        (None, "shop/returns", "supervisor"),
    ],
)
def test_the_lowest_role_depends_on_amount_currency_and_clause(amount: Money | None, clause: str, role: str) -> None:
    assert lowest_role(MATRIX, Matter("buyers_remorse", clause, amount))[0] == role


def test_the_policy_may_name_a_floor_of_its_own() -> None:
    name, why = lowest_role(MATRIX, Matter("buyers_remorse", "shop/returns", usd(1), floor="manager"))
    assert name == "manager"
    assert "says the policy" in why
    assert lowest_role(MATRIX, Matter("buyers_remorse", None, usd(1), floor="nobody"))[0] == "supervisor"


@pytest.mark.parametrize(("clause", "role"), [(RETURNS, "supervisor"), (FINAL, "manager")])
def test_an_exception_waits_for_the_role_of_its_clause_and_says_why(clause: ClauseRef, role: str) -> None:
    command = request(usd(10))
    [fact] = scenario.given().when(replace(command, clause=clause)).facts
    assert isinstance(fact, ExceptionRequested)
    assert fact.required_role == role
    assert fact.why is not None
    assert role in fact.why


def test_a_role_decides_only_on_its_clauses() -> None:
    written = deepcopy(WIDE)
    written["roles"]["clerk"] = {
        "level": 1,
        "kinds": ["*"],
        "clauses": ["shop/returns"],
        "deadline_working_hours": 1,
        "escalates_to": "manager",
        "limits": {"USD": 10},
    }
    matrix = Matrix.model_validate(written)
    assert lowest_role(matrix, Matter("other", "shop/returns", usd(5)))[0] == "clerk"
    assert lowest_role(matrix, Matter("other", "shop/final-2", usd(5)))[0] == "supervisor"
    assert lowest_role(matrix, Matter("other", None, usd(5)))[0] == "supervisor"


@pytest.mark.parametrize(("percent", "people", "needed"), [(60, 5, 3), (60, 4, 3), (50, 4, 2), (1, 3, 1), (100, 3, 3)])
def test_a_share_is_rounded_up(percent: int, people: int, needed: int) -> None:
    assert share(percent, people) == needed


def test_a_share_is_of_those_eligible_without_the_proposer() -> None:
    asked = quorum(MATRIX, "overly_demanding", None)
    assert asked == Quorum(kind="n", needed=3, named=("max", "mia", "moe", "may", "mo"), percent=60)
    assert quorum(MATRIX, "overly_demanding", None, proposed_by="max").named == ("mia", "moe", "may", "mo")


def test_only_those_eligible_speak_and_their_share_approves() -> None:
    waiting = requested("manager", kind="overly_demanding", quorum=quorum(MATRIX, "overly_demanding", None))
    scenario.given(waiting).when(yes("sue")).then_refused("not_named")
    scenario.given(waiting).when(yes("max"), yes("mia")).then_types(ApprovalGiven)
    scenario.given(waiting).when(yes("max"), yes("mia"), yes("mo")).then_types(ApprovalGiven, ExceptionApproved)


def test_a_no_rejects_only_when_too_few_are_left_to_agree() -> None:
    waiting = requested("manager", kind="overly_demanding", quorum=quorum(MATRIX, "overly_demanding", None))
    scenario.given(waiting).when(no("max"), no("mia")).then_types(RejectionGiven)
    scenario.given(waiting).when(no("max"), no("mia"), no("moe")).then_types(RejectionGiven, ExceptionRejected)
    scenario.given(waiting).when(no("max"), no("mia"), yes("moe"), yes("may"), yes("mo")).then_types(
        ApprovalGiven, ExceptionApproved
    )
    scenario.given(waiting).when(no("max"), yes("max")).then_refused("already_spoken")


@pytest.mark.parametrize(
    ("asked", "agreed", "heard", "lost"),
    [
        (Quorum(), 0, {"a"}, True),
        (Quorum(kind="all", needed=2, named=("a", "b")), 1, {"a", "b"}, True),
        (Quorum(kind="n", needed=2), 0, {"a"}, True),
        (Quorum(kind="n", needed=2, named=("a", "b", "c")), 0, {"a"}, False),
        (Quorum(kind="n", needed=2, named=("a", "b", "c")), 0, {"a", "b"}, True),
        (Quorum(kind="n", needed=2, named=("a", "b", "c")), 1, {"a", "b"}, False),
    ],
)
def test_a_quorum_is_out_of_reach_when_nobody_could_make_it_up(
    asked: Quorum, agreed: int, heard: set[str], lost: bool
) -> None:
    assert out_of_reach(asked, agreed, heard) is lost


def test_the_next_level_may_ask_for_more_voices() -> None:
    waiting = requested("supervisor", kind="policy_restriction")
    late = DeadlinePassed(CASE, waiting.deadline)
    [escalated] = scenario.given(waiting).when(late).facts
    assert isinstance(escalated, ExceptionEscalated)
    assert escalated.quorum == Quorum(kind="n", needed=2)
    scenario.given(waiting).when(late, yes("max")).then_types(ApprovalGiven)
    scenario.given(waiting).when(late, yes("max"), yes("mia")).then_types(ApprovalGiven, ExceptionApproved)
    [plain] = scenario.given(requested()).when(DeadlinePassed(CASE, waiting.deadline)).facts
    assert isinstance(plain, ExceptionEscalated)
    assert plain.quorum is None


def test_the_older_forms_of_limit_and_threshold_are_read() -> None:
    written = deepcopy(WIDE)
    written["roles"]["supervisor"] |= {"limit": {"amount": "250", "currency": "USD"}, "limits": None}
    written["quorum"] = [{"kinds": ["*"], "above": {"amount": 100, "currency": "USD"}, "needs": {"kind": "any"}}]
    matrix = Matrix.model_validate(written)
    assert matrix.roles["supervisor"].limit_in("USD") == usd(250)
    assert quorum_at(matrix, Matter("other", None, usd(101)), "manager") == Quorum()


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (("roles", "supervisor", "limit"), {"amount": 1, "currency": "USD"}, "write limits alone"),
        (("roles", "supervisor", "limits"), {}, "names no currency"),
        (("roles", "supervisor", "limits"), {"GBP": 5, "USD": 6000}, "must not be below the limit of supervisor"),
        (("roles", "manager", "clauses"), ["shop/returns"], "the highest level must decide every clause"),
        (("at_least", 0, "role"), "boss", "at_least.0.role: there is no role boss"),
        (("quorum", 0, "needs", "percent"), None, "percent go together"),
        (("quorum", 0, "needs", "of_role"), None, "needs to know of whom"),
        (("quorum", 0, "needs", "of_role"), "supervisor", "holders lists nobody as supervisor"),
        (("quorum", 0, "needs", "percent"), 101, "less than or equal to 100"),
        (("quorum", 1, "needs", "needed"), 4, "more than the 3 who may agree"),
        (("quorum", 1, "needs", "named"), ["max", "max"], "lists somebody twice"),
        (("quorum", 2, "role"), "boss", "quorum.2.role: there is no role boss"),
        (("holders", "boss"), ["max"], "holders.boss: there is no role boss"),
    ],
)
def test_a_mistake_is_named(path: tuple[str | int, ...], to: object, said: str) -> None:
    written = deepcopy(WIDE)
    place: Any = written
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    with pytest.raises(ValidationError) as caught:
        Matrix.model_validate(written)
    assert said in str(caught.value)


def test_a_pack_names_the_floors_of_its_own_clauses(tmp_path: Path) -> None:
    policies = _policies(tmp_path, {"default": "supervisor", "clauses": {"C-2": "manager"}})
    matrix = load_authority(policies).matrix
    assert lowest_role(matrix, Matter("other", "club/C-1", usd(1)))[0] == "supervisor"
    assert lowest_role(matrix, Matter("other", "club/C-2", usd(1)))[0] == "manager"
    assert clauses_of(policies) == {"club/C-1", "club/C-2"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"clauses": {"C-9": "manager"}}, "clauses.C-9: the pack has no clause C-9"),
        ({"default": "boss"}, "there is no role boss"),
        ({"defaults": "manager"}, "defaults"),
    ],
)
def test_a_pack_that_names_what_is_not_there_is_refused(tmp_path: Path, written: object, said: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        load_authority(_policies(tmp_path, written))
    assert said in str(caught.value)
    assert "club/authority.yaml" in str(caught.value)


def test_triage_gives_the_kinds_that_ship() -> None:
    kinds = known_kinds(Path(__file__).parents[2] / "policies")
    assert {"buyers_remorse", "unattainable_timeframe", "customer_dispute", "other"} <= kinds


def _policies(folder: Path, authority: object) -> Path:
    pack = folder / "club"
    pack.mkdir()
    (folder / "authority").mkdir()
    (folder / "calendars").mkdir()
    files = {
        "authority/matrix.yaml": WIDE,
        "calendars/default.yaml": {"zone": "UTC", "hours": {"mon": [["09:00", "17:00"]]}},
        "club/pack.yaml": {"id": "club", "version": "1"},
        "club/clauses.yaml": [{"id": "C-1", "text": {"en": "One."}}, {"id": "C-2", "text": {"en": "Two."}}],
        "club/authority.yaml": authority,
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content))
    return folder
