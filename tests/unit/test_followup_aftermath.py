"""What followup makes of what becomes of a decision: an offer taken is owed, one that lapsed is owed no more."""

from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from services.followup.domain.decider import make_decider
from services.followup.domain.reactions import react
from services.followup.domain.state import Followup
from shared.contracts.approvals import ExceptionApproved, ExceptionCountered
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionLapsed, ExceptionSuperseded
from shared.contracts.event import Fact
from shared.contracts.followup import MatterNoted, PromiseMade, PromiseReleased
from shared.contracts.intake import CaseOpened
from shared.contracts.triage import ExceptionProposed
from tests.support.exceptions import CASE, CLAUSE, EXCEPTION, MONDAY, REQUEST, authority_of, requested, usd
from tests.support.followups import RULES
from tests.support.recorded import recorded

DECIDER = make_decider(RULES)
OTHER = uuid5(EXCEPTION, "other")
OPENED = CaseOpened(
    case_id=CASE,
    customer_id=UUID("0190a000-0000-7000-8000-0000000000c1"),
    tracking_code="RC-7F3K-9QXD",
    conversation_id=uuid5(CASE, "conversation"),
    channel="email",
    subject="My money back",
    received_at=MONDAY,
    answer_due=MONDAY + timedelta(days=1),
)
PROPOSED = ExceptionProposed(
    case_id=CASE,
    exception_id=EXCEPTION,
    request_id=REQUEST,
    kind="buyers_remorse",
    clause=CLAUSE,
    deviation="full refund after 40 days",
    reason="loyal customer",
    proposed_by="ana",
    language="en",
)
COUNTERED = ExceptionCountered(
    case_id=CASE,
    exception_id=EXCEPTION,
    request_id=REQUEST,
    decided_by="sue",
    authority=authority_of("supervisor"),
    offer="a voucher",
    reason="middle way",
    language="en",
    amount=usd(40),
)
APPROVED = ExceptionApproved(
    case_id=CASE,
    exception_id=EXCEPTION,
    request_id=REQUEST,
    decided_by=("sue",),
    authority=authority_of("supervisor"),
    deviation="full refund after 40 days",
    note="fair",
    language="en",
)
ACCEPTED = CounterAccepted(
    case_id=CASE,
    exception_id=EXCEPTION,
    request_id=REQUEST,
    noted_by="ana",
    message_id=uuid5(CASE, "yes please"),
    offer="a voucher",
    amount=usd(40),
)
LAPSED = ExceptionLapsed(
    case_id=CASE, exception_id=EXCEPTION, request_id=REQUEST, valid_until=MONDAY, reason="it was not used"
)


def heard(*facts: Fact) -> tuple[Followup, list[Fact]]:
    """Let followup hear facts of other services, one after another; give its state and what it recorded."""
    state, told = DECIDER.initial, []
    for position, fact in enumerate(facts, start=1):
        event = recorded(fact, MONDAY + timedelta(minutes=position), position)
        for command in react(event, fact, MONDAY):
            for made in DECIDER.decide(command, state):
                state = DECIDER.evolve(state, made)
                told.append(made)
    return state, told


def test_an_offer_that_the_customer_takes_is_promised_by_that_decision() -> None:
    _, before = heard(OPENED, PROPOSED, COUNTERED)
    assert not [fact for fact in before if isinstance(fact, PromiseMade)]
    _, told = heard(OPENED, PROPOSED, COUNTERED, ACCEPTED)
    [promise] = [fact for fact in told if isinstance(fact, PromiseMade)]
    assert promise.what == "a voucher"
    assert (promise.backing.kind, promise.backing.reference) == ("decision", str(EXCEPTION))


def test_what_lapsed_is_no_longer_owed_and_backs_no_promise() -> None:
    state, told = heard(OPENED, PROPOSED, APPROVED, LAPSED)
    [promise] = [fact for fact in told if isinstance(fact, PromiseMade)]
    [released] = [fact for fact in told if isinstance(fact, PromiseReleased)]
    assert released.promise_id == promise.promise_id
    assert not [backing for backing in state.backings if backing.reference == str(EXCEPTION)]
    assert isinstance(told[-2], MatterNoted)
    assert told[-2].quiet_until is not None, "nothing is open, so silence settles the case"


def test_a_declined_offer_backs_no_promise() -> None:
    declined = CounterDeclined(
        case_id=CASE, exception_id=EXCEPTION, request_id=REQUEST, noted_by="ana", message_id=uuid5(CASE, "no")
    )
    assert [one.reference for one in heard(OPENED, COUNTERED)[0].backings] == [str(EXCEPTION)]
    assert not heard(OPENED, COUNTERED, declined)[0].backings


@pytest.mark.parametrize("again", [1, 2])
def test_a_replaced_proposal_no_longer_waits_but_the_new_one_does(again: int) -> None:
    gone = ExceptionSuperseded(
        case_id=CASE,
        exception_id=EXCEPTION,
        request_id=REQUEST,
        superseded_by=OTHER,
        proposer="ana",
        reason="the price was lower",
    )
    new = requested().model_copy(update={"exception_id": OTHER, "supersedes": EXCEPTION})
    state, _ = heard(OPENED, PROPOSED, *([gone, new] * again))
    assert dict(state.exceptions) == {EXCEPTION: True, OTHER: False}
