"""A proposal is replaced and never edited; an offer is taken or declined; what is not used in time lapses."""

from datetime import datetime, timedelta
from uuid import uuid5

import pytest

from services.approvals.domain.commands import (
    AnswerCounter,
    Command,
    CounterOffer,
    DeadlinePassed,
    ShowPrecedents,
    Supersede,
    UseException,
    ValidityEnded,
)
from services.approvals.domain.decider import make_decider
from services.approvals.domain.timers import due, timers
from shared.contracts.approvals import (
    ApprovalGiven,
    ExceptionApproved,
    ExceptionCountered,
    ExceptionRejected,
    ExceptionRequested,
)
from shared.contracts.approvals_after import (
    CounterAccepted,
    CounterDeclined,
    ExceptionLapsed,
    ExceptionSuperseded,
    ExceptionUsed,
    PrecedentsShown,
)
from shared.contracts.event import Fact
from shared.contracts.values import Money
from shared.kernel.timers import CancelTimer, SetTimer, Timer
from tests.support.authority import RULES, no, yes
from tests.support.exceptions import CASE, EXCEPTION, MONDAY, requested, usd
from tests.support.recorded import recorded
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))
NEW = uuid5(EXCEPTION, "new")
MESSAGE = uuid5(EXCEPTION, "message")
LATER = MONDAY + timedelta(days=10)
WAITING = requested("manager", usd(300))


def supersede(actor: str = "ana", deviation: str | None = None, amount: Money | None = None) -> Supersede:
    """Replace the proposal in somebody's name."""
    return Supersede(CASE, MONDAY, actor, (), EXCEPTION, NEW, "the price was lower", deviation, amount)


def counter(valid_until: datetime | None = None) -> CounterOffer:
    """Offer a voucher instead, as max."""
    roles = ("manager",)
    return CounterOffer(CASE, MONDAY, "max", roles, EXCEPTION, "a voucher", "middle way", None, usd(40), valid_until)


def answer(accepted: bool = True, now: datetime = MONDAY) -> AnswerCounter:
    """Note what the customer says to the offer."""
    return AnswerCounter(CASE, now, "ana", ("agent",), EXCEPTION, accepted, MESSAGE)


def use(now: datetime = MONDAY) -> UseException:
    """Note that it was carried out."""
    return UseException(CASE, now, "ana", ("agent",), EXCEPTION, "refund 2231")


def test_another_proposal_takes_the_place_of_the_old_one() -> None:
    then = scenario.given(WAITING).when(supersede(amount=usd(200)))
    old, new = then.then_types(ExceptionSuperseded, ExceptionRequested).facts
    assert isinstance(old, ExceptionSuperseded)
    assert isinstance(new, ExceptionRequested)
    assert (old.exception_id, old.superseded_by) == (EXCEPTION, NEW)
    assert (new.exception_id, new.supersedes, new.amount, new.required_role) == (NEW, EXCEPTION, usd(200), "supervisor")
    assert (new.deviation, new.reason) == (WAITING.deviation, "the price was lower")
    assert WAITING.amount == usd(300), "the old proposal stays as it was made"


def test_a_replaced_proposal_can_no_longer_be_decided_but_the_new_one_can() -> None:
    scenario.given(WAITING).when(supersede(amount=usd(200)), yes("max")).then_refused("already_decided")
    scenario.given(WAITING).when(supersede(amount=usd(200)), no("max")).then_refused("already_decided")
    scenario.given(WAITING).when(supersede(amount=usd(200)), supersede(amount=usd(100))).then_refused("already_decided")
    scenario.given(WAITING).when(supersede(amount=usd(200)), yes("sue", exception_id=NEW)).then_types(
        ApprovalGiven, ExceptionApproved
    )


def test_only_the_proposer_replaces_and_only_by_something_else() -> None:
    scenario.given(WAITING).when(supersede("sue", amount=usd(200))).then_refused("not_proposer")
    same = WAITING.model_copy(update={"reason": "the price was lower"})
    scenario.given(same).when(supersede()).then_refused("nothing_new")
    scenario.given(WAITING).when(supersede(deviation="half of it")).then_types(ExceptionSuperseded, ExceptionRequested)


def test_a_missed_deadline_is_not_won_back_by_a_new_proposal() -> None:
    waiting = requested("supervisor", usd(100))
    late = DeadlinePassed(CASE, waiting.deadline)
    _, new = scenario.given(waiting).when(late, supersede(amount=usd(50))).facts
    assert isinstance(new, ExceptionRequested)
    assert new.required_role == "manager"


def test_the_floor_of_the_policy_stays_with_the_new_proposal() -> None:
    floored = requested("manager", usd(10)).model_copy(update={"at_least": "manager"})
    _, new = scenario.given(floored).when(supersede(amount=usd(5))).facts
    assert isinstance(new, ExceptionRequested)
    assert new.required_role == "manager"


def test_the_customer_takes_or_declines_what_was_offered() -> None:
    scenario.given(WAITING).when(counter(), answer()).then(
        CounterAccepted(
            case_id=CASE,
            exception_id=EXCEPTION,
            request_id=WAITING.request_id,
            noted_by="ana",
            message_id=MESSAGE,
            offer="a voucher",
            amount=usd(40),
        )
    )
    scenario.given(WAITING).when(counter(), answer(accepted=False)).then_types(CounterDeclined)
    scenario.given(WAITING).when(counter(), answer(), answer(accepted=False)).then_refused("already_settled")


@pytest.mark.parametrize(
    ("before", "attempt", "code"),
    [
        ([], answer(), "not_countered"),
        ([yes("max")], answer(), "not_countered"),
        ([], use(), "not_approved"),
        ([no("max")], use(), "not_approved"),
        ([counter()], use(), "not_approved"),
        ([counter(LATER)], answer(now=LATER), "validity_over"),
        ([yes("max", valid_until=LATER)], use(now=LATER), "validity_over"),
    ],
)
def test_what_was_not_decided_so_cannot_be_followed(before: list[Command], attempt: Command, code: str) -> None:
    scenario.given(WAITING).when(*before, attempt).then_refused(code)


def test_an_approval_that_is_not_used_in_time_lapses_once() -> None:
    over = ValidityEnded(CASE, LATER)
    approved = yes("max", valid_until=LATER)
    scenario.given(WAITING).when(approved, over).then(
        ExceptionLapsed(
            case_id=CASE,
            exception_id=EXCEPTION,
            request_id=WAITING.request_id,
            valid_until=LATER,
            reason="it was not used by the end of its validity; the policy stands",
        )
    )
    scenario.given(WAITING).when(approved, over, over).then()
    scenario.given(WAITING).when(approved, ValidityEnded(CASE, LATER - timedelta(seconds=1))).then()
    scenario.given(WAITING).when(approved, use(), over).then()
    scenario.given(WAITING).when(approved, over, use(LATER)).then_refused("already_settled")
    scenario.given(WAITING).when(yes("max"), over).then()
    scenario.given(WAITING).when(counter(LATER), over).then_types(ExceptionLapsed)
    scenario.given(WAITING).when(counter(LATER), answer(), over).then()


def test_it_is_carried_out_once_with_evidence() -> None:
    scenario.given(WAITING).when(yes("max"), use()).then_types(ExceptionUsed)
    scenario.given(WAITING).when(yes("max"), use(), use()).then_refused("already_settled")


def test_nothing_is_granted_until_an_instant_that_has_passed() -> None:
    scenario.given(WAITING).when(yes("max", valid_until=MONDAY)).then_refused("validity_over")
    scenario.given(WAITING).when(counter(MONDAY)).then_refused("validity_over")


def test_a_decision_tells_whether_its_decider_had_seen_the_precedents() -> None:
    opened = ShowPrecedents(CASE, MONDAY, "max", ("manager",), EXCEPTION, ())
    scenario.given(WAITING).when(opened).then(
        PrecedentsShown(case_id=CASE, exception_id=EXCEPTION, shown_to="max", precedents=())
    )
    scenario.given(WAITING).when(opened, opened).then()
    for decision in (yes("max"), no("max"), counter()):
        seen = scenario.given(WAITING).when(opened, decision).facts
        unseen = scenario.given(WAITING).when(decision).facts
        for facts, wanted in ((seen, True), (unseen, False)):
            assert {_seen(fact) for fact in facts} == {wanted}
    assert _seen(scenario.given(WAITING).when(opened, no("mia")).facts[0]) is False, "somebody else had seen them"


def test_one_timer_follows_the_validity() -> None:
    deadline, validity = uuid5(EXCEPTION, "exception_deadline"), uuid5(EXCEPTION, "exception_validity")
    [_, approved] = scenario.given(WAITING).when(yes("max", valid_until=LATER)).facts
    set_timer = SetTimer(validity, CASE, LATER, "exception_validity")
    assert list(timers(recorded(approved), approved)) == [CancelTimer(deadline), set_timer]
    [used] = scenario.given(WAITING).when(yes("max", valid_until=LATER), use()).facts
    assert list(timers(recorded(used), used)) == [CancelTimer(validity)]
    assert due(Timer(validity, CASE, LATER, "exception_validity"), LATER) == ValidityEnded(CASE, LATER)
    [superseded, new] = scenario.given(WAITING).when(supersede(amount=usd(200))).facts
    assert list(timers(recorded(superseded), superseded)) == [CancelTimer(deadline)]
    assert len(timers(recorded(new), new)) == 1


def _seen(fact: Fact) -> bool | None:
    assert isinstance(fact, ApprovalGiven | ExceptionApproved | ExceptionRejected | ExceptionCountered)
    return fact.precedents_seen
