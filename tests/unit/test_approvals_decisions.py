"""Who may decide on an exception, who is refused, and what makes a decision."""

from datetime import timedelta

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
from shared.contracts.values import Money, Quorum
from shared.kernel.errors import NotFound
from tests.support.exceptions import (
    CASE,
    EXCEPTION,
    MONDAY,
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
TWO = Quorum(kind="n", needed=2)
BOTH = Quorum(kind="all", needed=2, named=("sue", "sid"))


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


def test_a_quorum_of_two_waits_for_the_second_voice() -> None:
    waiting = requested("manager", usd(2000), quorum=TWO)
    scenario.given(waiting).when(approve("max")).then(given("max", "manager", usd(2000)))
    then = scenario.given(waiting).when(
        approve("max", conditions=("item back",)), approve("mia", conditions=("item back", "by Friday"))
    )
    approved = then.then_types(ApprovalGiven, ExceptionApproved).facts[1]
    assert isinstance(approved, ExceptionApproved)
    assert approved.decided_by == ("max", "mia")
    assert approved.conditions == ("item back", "by Friday")


def test_the_same_person_does_not_count_twice() -> None:
    past = (requested("manager", usd(2000), quorum=TWO), given("max", "manager", usd(2000)))
    scenario.given(*past).when(approve("max")).then_refused("already_spoken")
    scenario.given(*past).when(reject("max")).then_refused("already_spoken")
    scenario.given(*past).when(approve("ben", on_behalf_of="max")).then_refused("already_spoken")
    scenario.given(*past).when(approve("max", on_behalf_of="mia")).then_refused("already_spoken")


def test_one_no_ends_a_quorum() -> None:
    past = (requested("manager", usd(2000), quorum=TWO), given("max", "manager", usd(2000)))
    scenario.given(*past).when(reject("mia")).then_types(ExceptionRejected)


def test_a_quorum_of_all_hears_only_those_it_names() -> None:
    waiting = requested("supervisor", kind="policy_restriction", quorum=BOTH)
    scenario.given(waiting).when(approve("max")).then_refused("not_named")
    scenario.given(waiting).when(approve("sue"), approve("sid")).then_types(ApprovalGiven, ExceptionApproved)
    scenario.given(waiting).when(approve("ben", on_behalf_of="sue")).then_types(ApprovalGiven)


def test_an_amount_named_by_the_first_voice_may_need_a_second_one() -> None:
    waiting = requested("manager")
    scenario.given(waiting).when(approve("max", usd(2000))).then_types(ApprovalGiven)
    scenario.given(waiting).when(approve("max", usd(2000)), approve("mia", usd(3000))).then_refused("amount_differs")
    scenario.given(waiting).when(approve("max", usd(2000)), approve("mia")).then_types(ApprovalGiven, ExceptionApproved)


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
        )
    )


def test_one_person_cannot_offer_what_takes_two_to_approve() -> None:
    scenario.given(requested("manager")).when(counter("max", usd(1001))).then_refused("quorum_needed")


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


def test_a_delegate_decides_with_the_others_role_and_both_are_recorded() -> None:
    then = scenario.given(requested()).when(approve("ben", on_behalf_of="sue"))
    voice, approved = then.then_types(ApprovalGiven, ExceptionApproved).facts
    assert isinstance(voice, ApprovalGiven)
    assert isinstance(approved, ExceptionApproved)
    assert (voice.decided_by, voice.on_behalf_of, voice.authority.role) == ("ben", "sue", "supervisor")
    assert (approved.decided_by, approved.on_behalf_of) == (("ben",), "sue")


def test_a_delegate_has_the_others_limit() -> None:
    scenario.given(requested(amount=usd(251))).when(approve("ben", on_behalf_of="sue")).then_refused(
        "amount_above_limit"
    )


@pytest.mark.parametrize(("actor", "principal"), [("max", "sue"), ("ben", "max"), ("sue", "sue"), ("ben", "ben")])
def test_nobody_decides_for_somebody_who_did_not_delegate(actor: str, principal: str) -> None:
    scenario.given(requested()).when(approve(actor, on_behalf_of=principal)).then_refused("no_delegation")


def test_a_delegation_covers_only_its_kinds_and_days() -> None:
    mine = requested("manager").model_copy(update={"proposed_by": "rules"})
    other_kind = mine.model_copy(update={"kind": "customer_dispute"})
    by_ana = approve("ana", on_behalf_of="max")
    scenario.given(mine).when(by_ana).then_types(ApprovalGiven, ExceptionApproved)
    scenario.given(other_kind).when(by_ana).then_refused("no_delegation")
    late = approve("ana", on_behalf_of="max", now=MONDAY + timedelta(days=1))
    scenario.given(mine).when(late).then_refused("delegation_not_in_force")


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
    )
