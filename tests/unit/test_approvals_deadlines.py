"""Whom an exception goes to first, and what happens when nobody decides."""

from datetime import timedelta
from uuid import uuid5

import pytest

from services.approvals.domain.commands import DeadlinePassed
from services.approvals.domain.decider import make_decider
from services.approvals.domain.timers import due, timers
from shared.contracts.approvals import (
    ApprovalGiven,
    ExceptionApproved,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRequested,
)
from shared.contracts.event import Fact
from shared.contracts.values import Money, Quorum
from shared.kernel.timers import CancelTimer, SetTimer, Timer
from tests.support.exceptions import CASE, EXCEPTION, MONDAY, REQUEST, RULES, approve, request, requested, usd
from tests.support.recorded import recorded
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))
EUR = Money(amount=usd(5).amount, currency="EUR")
DEADLINE = MONDAY + timedelta(hours=4)


@pytest.mark.parametrize(
    ("kind", "amount", "role"),
    [
        ("product_or_service_failure", usd(50), "lead"),
        ("product_or_service_failure", usd("50.01"), "supervisor"),
        ("buyers_remorse", usd(1), "supervisor"),
        ("buyers_remorse", usd(250), "supervisor"),
        ("buyers_remorse", usd(251), "manager"),
        ("buyers_remorse", usd(99999), "manager"),
        ("buyers_remorse", EUR, "manager"),
        ("buyers_remorse", None, "supervisor"),
        ("customer_dispute", None, "manager"),
    ],
)
def test_an_exception_goes_to_the_lowest_role_that_may_decide(kind: str, amount: Money | None, role: str) -> None:
    then = scenario.given().when(request(amount, kind))
    [fact] = then.then_types(ExceptionRequested).facts
    assert isinstance(fact, ExceptionRequested)
    assert fact.required_role == role


@pytest.mark.parametrize(
    ("kind", "amount", "quorum"),
    [
        ("buyers_remorse", usd(1000), Quorum()),
        ("buyers_remorse", usd(1001), Quorum(kind="n", needed=2)),
        ("buyers_remorse", EUR, Quorum(kind="n", needed=2)),
        ("buyers_remorse", None, Quorum()),
        ("policy_restriction", usd(1), Quorum(kind="all", needed=2, named=("sue", "sid"))),
    ],
)
def test_kind_and_amount_say_how_many_must_agree(kind: str, amount: Money | None, quorum: Quorum) -> None:
    [fact] = scenario.given().when(request(amount, kind)).facts
    assert isinstance(fact, ExceptionRequested)
    assert fact.quorum == quorum


def test_the_deadline_counts_working_hours() -> None:
    [fact] = scenario.given().when(request(usd(251))).facts  # Monday 10:00, eight hours of a day that ends at 17:00
    assert isinstance(fact, ExceptionRequested)
    assert fact.deadline == MONDAY + timedelta(days=1)


def test_a_proposal_seen_before_changes_nothing() -> None:
    scenario.given(requested()).when(request()).then()


def test_a_missed_deadline_goes_one_level_up_with_a_new_deadline() -> None:
    scenario.given(requested()).when(DeadlinePassed(CASE, DEADLINE)).then(
        ExceptionEscalated(
            case_id=CASE,
            exception_id=EXCEPTION,
            from_role="supervisor",
            required_role="manager",
            deadline=DEADLINE + timedelta(days=1),
            reason="no supervisor decided by the deadline",
        )
    )


def test_a_deadline_that_has_not_passed_changes_nothing() -> None:
    scenario.given(requested()).when(DeadlinePassed(CASE, DEADLINE - timedelta(seconds=1))).then()


def test_the_same_deadline_passes_once() -> None:
    scenario.given(requested()).when(DeadlinePassed(CASE, DEADLINE), DeadlinePassed(CASE, DEADLINE)).then()


def test_after_escalation_the_level_above_decides() -> None:
    late = DeadlinePassed(CASE, DEADLINE)
    scenario.given(requested()).when(late, approve("sue")).then_refused("role_too_low")
    scenario.given(requested()).when(late, approve("max")).then_types(ApprovalGiven, ExceptionApproved)


def test_after_escalation_the_level_above_stands_in_for_those_named() -> None:
    both = requested(kind="policy_restriction", quorum=Quorum(kind="all", needed=2, named=("sue", "sid")))
    late = DeadlinePassed(CASE, DEADLINE)
    scenario.given(both).when(approve("sue"), late, approve("max")).then_types(ApprovalGiven, ExceptionApproved)


def test_silence_at_the_top_is_no_yes() -> None:
    scenario.given(requested("manager")).when(DeadlinePassed(CASE, DEADLINE)).then(
        ExceptionExpired(
            case_id=CASE,
            exception_id=EXCEPTION,
            request_id=REQUEST,
            reason="no manager decided by the deadline, and there is no higher level; the policy stands",
            language="en",
        )
    )


def test_a_decided_exception_has_no_deadline() -> None:
    scenario.given(requested()).when(approve("sue"), DeadlinePassed(CASE, DEADLINE)).then()


def test_a_role_that_left_the_matrix_is_found_anew() -> None:
    old = requested("director", usd(100))
    scenario.given(old).when(approve("sue")).then_types(ApprovalGiven, ExceptionApproved)
    scenario.given(old).when(DeadlinePassed(CASE, DEADLINE)).then_types(ExceptionEscalated)


def test_one_timer_follows_an_exception() -> None:
    waiting, timer_id = requested(), uuid5(EXCEPTION, "exception_deadline")
    assert _timers(waiting) == [SetTimer(timer_id, CASE, DEADLINE, "exception_deadline")]
    [escalated] = scenario.given(waiting).when(DeadlinePassed(CASE, DEADLINE)).facts
    assert _timers(escalated) == [SetTimer(timer_id, CASE, DEADLINE + timedelta(days=1), "exception_deadline")]
    voice, approved = scenario.given(waiting).when(approve("sue")).facts
    assert _timers(voice) == []
    assert _timers(approved) == [CancelTimer(timer_id)]
    assert due(Timer(timer_id, CASE, DEADLINE, "exception_deadline"), MONDAY) == DeadlinePassed(CASE, MONDAY)


def _timers(fact: Fact) -> list[object]:
    return list(timers(recorded(fact), fact))
