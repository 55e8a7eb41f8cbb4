"""The case of a customer who was erased ends: nobody is left to whom anything is owed."""

from datetime import datetime

from services.followup.domain.commands import EndErased, LetTimePass
from services.followup.domain.decider import make_decider
from services.followup.domain.reactions import react
from services.followup.domain.state import Followup
from services.followup.domain.timers import timers
from shared.contracts.event import Fact
from shared.contracts.followup import CaseClosed, PromiseMade, PromiseReleased
from shared.contracts.intake_privacy import CaseErased
from shared.contracts.values import Backing
from tests.support.followups import CASE, CUSTOMER, MONDAY, RULES, an_id, opened
from tests.support.recorded import recorded

DECIDER = make_decider(RULES)
PROMISE = PromiseMade(
    case_id=CASE,
    promise_id=an_id("promise"),
    what="A new lamp",
    due=MONDAY.replace(day=27),
    at_risk_from=MONDAY.replace(day=26),
    backing=Backing(kind="decision", reference="e1"),
    made_by="ana",
    customer_id=CUSTOMER,
)


def taken_up(*facts: Fact) -> Followup:
    [take_up] = react(recorded(opened()), opened(), MONDAY)
    return DECIDER.fold(facts, DECIDER.fold(DECIDER.decide(take_up, Followup()), Followup()))


def end(state: Followup, at: datetime = MONDAY) -> list[Fact]:
    return DECIDER.decide(EndErased(CASE, at), state)


def test_a_case_of_an_erased_customer_closes_and_owes_nothing() -> None:
    facts = end(taken_up(PROMISE))
    assert [type(fact) for fact in facts if isinstance(fact, PromiseReleased | CaseClosed)] == [
        PromiseReleased,
        CaseClosed,
    ]
    state = taken_up(PROMISE, *facts)
    assert state.status == "closed"
    assert not state.open_promises


def test_it_closes_once() -> None:
    state = taken_up()
    assert end(taken_up(*end(state))) == []
    assert end(Followup()) == []


def test_nothing_happens_to_it_later() -> None:
    state = taken_up(PROMISE, *end(taken_up(PROMISE)))
    assert DECIDER.decide(LetTimePass(CASE, MONDAY.replace(year=2030)), state) == []


def test_only_the_case_of_their_own_ends() -> None:
    for own in (True, False):
        erased = CaseErased(case_id=CASE, customer_id=CUSTOMER, erasure_id=an_id("erasure"), own=own)
        assert len(react(recorded(erased), erased, MONDAY)) == own


def test_a_closed_case_waits_for_nothing() -> None:
    closed = CaseClosed(case_id=CASE, reason="settled")
    assert len(timers(recorded(closed), closed)) == 3
