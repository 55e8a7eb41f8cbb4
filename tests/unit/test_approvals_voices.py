"""Several voices on one exception, and voices that speak for somebody else."""

from datetime import timedelta

import pytest

from services.approvals.domain.decider import make_decider
from shared.contracts.approvals import (
    ApprovalGiven,
    ExceptionApproved,
    ExceptionRejected,
)
from shared.contracts.values import Quorum
from tests.support.exceptions import (
    MONDAY,
    RULES,
    approve,
    counter,
    given,
    reject,
    requested,
    usd,
)
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))
TWO = Quorum(kind="n", needed=2)
BOTH = Quorum(kind="all", needed=2, named=("sue", "sid"))


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


def test_one_person_cannot_offer_what_takes_two_to_approve() -> None:
    scenario.given(requested("manager")).when(counter("max", usd(1001))).then_refused("quorum_needed")


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
