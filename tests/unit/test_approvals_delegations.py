"""Deciding for somebody else: who may delegate, what a delegate may do, and what they see."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.approvals.domain.commands import CounterOffer, EndDelegation, GiveDelegation, NoteBoundary
from services.approvals.domain.decider import make_decider
from services.approvals.domain.policies.authority import AuthorityRules
from services.approvals.domain.policies.inbox import Person, Way, speaks_for
from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.approvals import ApprovalGiven, ExceptionApproved, ExceptionRejected, ExceptionRequested
from shared.contracts.approvals_after import BoundaryNoted
from shared.contracts.approvals_delegations import DelegationEnded, DelegationGiven, DelegationRefused
from shared.contracts.values import Money
from shared.kernel.errors import NotFound
from tests.support.authority import HOLDS, RULES, WIDE, delegation, no, yes
from tests.support.exceptions import CASE, EXCEPTION, MONDAY, OFFICE, requested, usd
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))
DELEGATION = UUID("0190a000-0000-7000-8000-0000000000d1")
WAITING = requested("supervisor", usd(100)).model_copy(update={"proposed_by": "rules"})


def give(actor: str, **changes: Any) -> GiveDelegation:
    """Delegate the supervisor's role to ben for two days, but for the changes."""
    asked: dict[str, Any] = {
        "delegate": "ben",
        "role": "supervisor",
        "first_day": date(2026, 11, 23),
        "last_day": date(2026, 11, 24),
    }
    return GiveDelegation(DELEGATION, MONDAY, actor, HOLDS[actor], "on leave", **(asked | changes))


def end(actor: str) -> EndDelegation:
    """End it as one of those with roles."""
    return EndDelegation(DELEGATION, MONDAY, actor, HOLDS[actor], "back earlier")


def test_somebody_delegates_a_role_of_their_own() -> None:
    then = scenario.given().when(give("sue", kinds=("buyers_remorse",), clauses=("shop/returns",), cap=usd(90)))
    then.then(
        DelegationGiven(
            delegation_id=DELEGATION,
            principal="sue",
            delegate="ben",
            role="supervisor",
            kinds=("buyers_remorse",),
            clauses=("shop/returns",),
            first_day=date(2026, 11, 23),
            last_day=date(2026, 11, 24),
            reason="on leave",
            cap=usd(90),
        )
    )
    assert scenario.given().when(give("sue"), give("sue")).facts == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (give("ben", delegate="ana"), "role_not_held"),
        (give("sue", role="manager"), "role_not_held"),
        (give("sue", role="boss"), "unknown_role"),
        (give("sue", delegate="sue"), "own_delegate"),
        (give("sue", last_day=date(2026, 11, 22)), "already_over"),
        (give("sue", first_day=date(2026, 11, 20), last_day=date(2026, 11, 21)), "already_over"),
    ],
)
def test_what_may_not_be_delegated_is_refused_and_recorded(command: GiveDelegation, code: str) -> None:
    then = scenario.given().when(command)
    then.then_types(DelegationRefused).then_refused(code)


@pytest.mark.parametrize("actor", ["sue", "ben", "max"])
def test_its_two_people_and_the_highest_level_end_it(actor: str) -> None:
    given = delegation("sue", "ben").model_copy(update={"delegation_id": DELEGATION})
    scenario.given(given).when(end(actor)).then_types(DelegationEnded)
    assert scenario.given(given).when(end(actor), end(actor)).facts == []


def test_others_do_not_end_it() -> None:
    given = delegation("sue", "ben").model_copy(update={"delegation_id": DELEGATION})
    scenario.given(given).when(end("sid")).then_refused("not_yours")
    with pytest.raises(NotFound, match="delegation_id"):
        scenario.given().when(end("sue"))


def test_a_delegate_decides_and_both_names_and_the_delegation_are_recorded() -> None:
    given = delegation("sue", "ben")
    voice, approved = (
        scenario.given(WAITING)
        .when(yes("ben", on_behalf_of="sue", given=[given]))
        .then_types(ApprovalGiven, ExceptionApproved)
        .facts
    )
    assert isinstance(voice, ApprovalGiven)
    assert isinstance(approved, ExceptionApproved)
    assert (voice.decided_by, voice.on_behalf_of) == ("ben", "sue")
    assert (approved.decided_by, approved.on_behalf_of) == (("ben",), "sue")
    assert voice.authority.delegation == given.delegation_id


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([], "no_delegation"),
        ([delegation("sid", "ben")], "no_delegation"),
        ([delegation("sue", "ana")], "no_delegation"),
        ([delegation("sue", "ben", kinds=("other",))], "no_delegation"),
        ([delegation("sue", "ben", clauses=("shop/final",))], "no_delegation"),
        ([delegation("sue", "ben", days=(date(2026, 11, 24), date(2026, 11, 30)))], "delegation_not_in_force"),
        ([delegation("sue", "ben", days=(date(2026, 11, 1), date(2026, 11, 22)))], "delegation_not_in_force"),
        ([delegation("sue", "ben", cap=usd(99))], "above_cap"),
        ([delegation("sue", "ben", cap=Money(amount=usd(500).amount, currency="EUR"))], "above_cap"),
        ([delegation("sue", "ben", role="agent")], "no_delegation"),
    ],
)
def test_beyond_what_was_delegated_a_delegate_has_no_say(given: list[DelegationGiven], code: str) -> None:
    scenario.given(WAITING).when(yes("ben", on_behalf_of="sue", given=given)).then_refused(code)
    scenario.given(WAITING).when(no("ben", on_behalf_of="sue", given=given)).then_refused(code)


def test_what_was_delegated_to_a_delegate_is_not_passed_on() -> None:
    chain = [delegation("sue", "ana"), delegation("ana", "ben")]
    scenario.given(WAITING).when(yes("ben", on_behalf_of="sue", given=chain)).then_refused("no_delegation")
    passed_on = [delegation("ana", "ben", role="agent")]
    scenario.given(WAITING).when(yes("ben", on_behalf_of="ana", given=passed_on)).then_refused("no_delegation")


def test_under_a_cap_the_amount_must_be_named() -> None:
    unknown = WAITING.model_copy(update={"amount": None})
    given = [delegation("sue", "ben", cap=usd(50))]
    scenario.given(unknown).when(yes("ben", on_behalf_of="sue", given=given)).then_refused("above_cap")
    scenario.given(unknown).when(yes("ben", amount=usd(51), on_behalf_of="sue", given=given)).then_refused("above_cap")
    scenario.given(unknown).when(yes("ben", amount=usd(50), on_behalf_of="sue", given=given)).then_types(
        ApprovalGiven, ExceptionApproved
    )
    scenario.given(unknown).when(no("ben", on_behalf_of="sue", given=given)).then_types(ExceptionRejected)
    offer = CounterOffer(CASE, MONDAY, "ben", (), EXCEPTION, "a call", "kind", "sue", delegations=tuple(given))
    scenario.given(unknown).when(offer).then_refused("above_cap")


def test_a_delegate_sees_what_was_delegated_and_nothing_else() -> None:
    person = Person("ben", HOLDS["ben"], (delegation("sue", "ben", kinds=("buyers_remorse",), cap=usd(100)),), MONDAY)
    assert speaks_for(person, _waits(WAITING), RULES, ()) == [Way("sue", True)]
    for change in ({"kind": "other"}, {"amount": usd(101)}, {"required_role": "manager"}, {"proposed_by": "sue"}):
        beyond = WAITING.model_copy(update=change)
        assert speaks_for(person, _waits(beyond), RULES, ()) == [], change
    late = person._replace(now=MONDAY + timedelta(days=4))
    assert speaks_for(late, _waits(WAITING), RULES, ()) == []


def test_a_person_sees_what_they_may_only_reject() -> None:
    person = Person("max", HOLDS["max"], (), MONDAY)
    above = WAITING.model_copy(update={"amount": usd(9999), "required_role": "manager"})
    assert speaks_for(person, _waits(above), RULES, ()) == [Way(None, False)]
    assert speaks_for(person, _waits(WAITING), RULES, {"max"}) == []
    assert not Person("ana", HOLDS["ana"], (), MONDAY).reaches("supervisor", RULES)
    assert person.reaches("a role that is gone", RULES)


def test_who_stated_the_limit_does_not_decide_unless_the_matrix_lets_them() -> None:
    boundary = NoteBoundary(CASE, MONDAY, uuid5(EXCEPTION, "boundary"), WAITING.request_id, "sue")
    noted = scenario.given().when(boundary).then_types(BoundaryNoted).facts
    assert scenario.given(*noted).when(boundary).facts == []
    scenario.given(*noted, WAITING).when(yes("sue")).then_refused("own_limit")
    scenario.given(*noted, WAITING).when(yes("ben", on_behalf_of="sue", given=[delegation("sue", "ben")])).then_refused(
        "own_limit"
    )
    scenario.given(*noted, WAITING).when(yes("sid")).then_types(ApprovalGiven, ExceptionApproved)
    lenient = AuthorityRules(Matrix.model_validate(WIDE | {"four_eyes": {"boundary": False}}), OFFICE)
    Scenario(make_decider(lenient)).given(*noted, WAITING).when(yes("sue")).then_types(ApprovalGiven, ExceptionApproved)


def _waits(requested_: ExceptionRequested) -> OpenOrDecided:
    return OpenOrDecided(requested_, requested_.required_role, requested_.deadline)
