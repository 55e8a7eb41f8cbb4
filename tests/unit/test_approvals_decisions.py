"""Who may decide on an exception, who is refused, and what makes a decision."""

import pytest

from services.approvals.domain.decider import make_decider
from shared.contracts.approvals import (
    ApprovalGiven,
    ApprovalsAttemptRefused,
    ExceptionApproved,
    ExceptionCountered,
    ExceptionRejected,
    ExceptionWithdrawn,
)
from shared.contracts.values import Money
from shared.kernel.errors import NotFound
from tests.support.exceptions import (
    CASE,
    EXCEPTION,
    REQUEST,
    RULES,
    approve,
    authority_of,
    counter,
    given,
    reject,
    requested,
    usd,
    withdraw,
)
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))


def test_one_voice_with_authority_approves() -> None:
    scenario.given(requested(amount=usd(200))).when(approve("sue")).then(
        given("sue", "supervisor", usd(200)),
        ExceptionApproved(
            case_id=CASE,
            exception_id=EXCEPTION,
            request_id=REQUEST,
            decided_by=("sue",),
            authority=authority_of("supervisor"),
            deviation="full refund after 40 days",
            note="fair",
            language="en",
            amount=usd(200),
            precedents_seen=False,
        ),
    )


def test_a_higher_role_may_decide_too() -> None:
    scenario.given(requested(amount=usd(200))).when(approve("max")).then_types(ApprovalGiven, ExceptionApproved)


def test_an_attempt_without_any_role_is_refused_and_recorded() -> None:
    scenario.given(requested()).when(approve("ben")).then(
        ApprovalsAttemptRefused(
            case_id=CASE,
            exception_id=EXCEPTION,
            attempt="approve",
            reason_code="no_authority",
            reason="none of your roles decides on exceptions; this one needs supervisor",
        )
    )


def test_a_role_below_the_required_one_is_refused() -> None:
    scenario.given(requested("manager")).when(approve("sue")).then_refused("role_too_low")
    scenario.given(requested("manager")).when(reject("sue")).then_refused("role_too_low")
    scenario.given(requested("manager")).when(counter("sue", usd(10))).then_refused("role_too_low")


def test_a_role_that_does_not_cover_the_kind_is_refused() -> None:
    scenario.given(requested("lead")).when(approve("liz")).then_refused("kind_not_covered")


def test_an_amount_above_the_limit_is_refused() -> None:
    scenario.given(requested("supervisor", usd(251))).when(approve("sue")).then_refused("amount_above_limit")
    scenario.given(requested("manager", usd(5001))).when(approve("max")).then_refused("amount_above_limit")
    scenario.given(requested()).when(approve("sue", usd(251))).then_refused("amount_above_limit")
    scenario.given(requested()).when(counter("sue", usd(251))).then_refused("amount_above_limit")


def test_an_amount_above_every_limit_can_still_be_rejected_by_the_top() -> None:
    scenario.given(requested("manager", usd(5001))).when(reject("max")).then_types(ExceptionRejected)


def test_an_amount_in_another_currency_needs_the_top_level() -> None:
    euros = Money(amount=usd(10).amount, currency="EUR")
    scenario.given(requested("supervisor", euros)).when(approve("sue")).then_refused("amount_above_limit")
    scenario.given(requested("manager", euros)).when(approve("max")).then_types(ApprovalGiven, ExceptionApproved)


def test_the_approver_names_the_amount_that_nobody_named() -> None:
    then = scenario.given(requested()).when(approve("sue", usd(100)))
    assert then.then_types(ApprovalGiven, ExceptionApproved).facts[1] == _approved_by("sue", usd(100))


def test_an_approval_cannot_change_the_amount() -> None:
    scenario.given(requested(amount=usd(200))).when(approve("sue", usd(100))).then_refused("amount_differs")
    scenario.given(requested(amount=usd(200))).when(approve("sue", usd(200))).then_types(
        ApprovalGiven, ExceptionApproved
    )


def test_nobody_decides_on_their_own_proposal() -> None:
    scenario.given(requested()).when(approve("ana")).then_refused("own_proposal")
    scenario.given(requested()).when(reject("ana")).then_refused("own_proposal")
    scenario.given(requested()).when(approve("ana", on_behalf_of="max")).then_refused("own_proposal")
    scenario.given(requested()).when(approve("max", on_behalf_of="ana")).then_refused("own_proposal")


def test_a_decided_exception_is_decided() -> None:
    past = (requested(), given("sue", "supervisor"), _approved_by("sue", None))
    for attempt in (approve("sue"), approve("max"), reject("max"), counter("max"), withdraw("ana")):
        scenario.given(*past).when(attempt).then_refused("already_decided")


def test_a_rejection_tells_the_reason() -> None:
    scenario.given(requested()).when(reject("sue")).then(
        ExceptionRejected(
            case_id=CASE,
            exception_id=EXCEPTION,
            request_id=REQUEST,
            decided_by="sue",
            authority=authority_of("supervisor"),
            reason="the period is over",
            language="en",
            precedents_seen=False,
        )
    )


def test_a_counter_offer_is_a_decision() -> None:
    scenario.given(requested(amount=usd(200))).when(counter("sue", usd(80))).then(
        ExceptionCountered(
            case_id=CASE,
            exception_id=EXCEPTION,
            request_id=REQUEST,
            decided_by="sue",
            authority=authority_of("supervisor"),
            offer="a voucher",
            reason="middle way",
            language="en",
            amount=usd(80),
            precedents_seen=False,
        )
    )


def test_only_the_proposer_withdraws() -> None:
    scenario.given(requested()).when(withdraw("sue")).then_refused("not_proposer")
    scenario.given(requested()).when(withdraw("ana")).then(
        ExceptionWithdrawn(
            case_id=CASE,
            exception_id=EXCEPTION,
            request_id=REQUEST,
            withdrawn_by="ana",
            reason="settled otherwise",
        )
    )


def test_an_unknown_exception_is_not_found() -> None:
    with pytest.raises(NotFound, match="exception_id"):
        scenario.given().when(approve("sue"))


def _approved_by(actor: str, amount: Money | None) -> ExceptionApproved:
    return ExceptionApproved(
        case_id=CASE,
        exception_id=EXCEPTION,
        request_id=REQUEST,
        decided_by=(actor,),
        authority=authority_of("supervisor"),
        deviation="full refund after 40 days",
        note="fair",
        language="en",
        amount=amount,
        precedents_seen=False,
    )
