"""Two customers against each other: each is heard apart, and both are told the one decision by somebody impartial."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.commands import DecideDispute, Hearing
from services.approvals.domain.decider import make_decider as make_approvals
from services.intake.domain.commands import (
    Customer,
    JoinDispute,
    OpenDispute,
    PassStatementTime,
    TellDispute,
)
from services.intake.domain.decider import make_decider
from services.intake.domain.reactions import react
from services.intake.domain.state import Conversation
from services.intake.domain.timers import Timers, due
from shared.contracts.approvals import ApprovalsAttemptRefused
from shared.contracts.approvals_disputes import DisputeDecided
from shared.contracts.event import Fact
from shared.contracts.intake import CustomerIdentified, IntakeAttemptRefused, MessageSent
from shared.contracts.intake_parties import DisputeOpened, PartyJoined, StatementMissed
from shared.kernel.timers import SetTimer, Timer
from tests.support.intake import POLICIES, RULES
from tests.support.intakes import (
    ADA,
    BOB,
    CASE,
    CHAT,
    CODE,
    FIRST,
    MAIL,
    MONDAY,
    SECOND,
    opened,
    receive,
    received,
    said,
)
from tests.support.recorded import recorded
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))
approvals = Scenario(make_approvals(load_authority(POLICIES)))
DISPUTE = UUID(int=71)
MATTER = "The bicycle that one of you sold to the other."
THERE = Conversation(MAIL, "email", BOB.customer_id, BOB.address)
NEXT_MONDAY = RULES.calendar.add_days(MONDAY, RULES.disputes.statement_working_days)


def open_it(role: str = "agent", **more: Any) -> OpenDispute:
    values: dict[str, Any] = {"dispute_id": DISPUTE, "matter": MATTER, "language": "en", **more}
    return OpenDispute(CASE, MONDAY, by="ana", roles=(role,), **values)


def join(role: str = "agent", customer: Customer = BOB, **more: Any) -> JoinDispute:
    values: dict[str, Any] = {"conversation": THERE, "language": "de", **more}
    return JoinDispute(CASE, MONDAY, customer=customer, by="ana", roles=(role,), **values)


def past(*more: Any) -> list[Fact]:
    """A case with a dispute, and what came after it."""
    facts: list[Fact] = [opened(), received()]
    for command in (open_it(), *more):
        facts += scenario.given(*facts).when(command).facts
    return facts


def tell(**more: Any) -> TellDispute:
    values: dict[str, Any] = {
        "reason": "The brake was worn when it was sold.",
        "to_claimant": "You get 40 EUR back.",
        "to_respondent": "40 EUR are taken from your balance.",
        **more,
    }
    return TellDispute(CASE, MONDAY, decision_id=UUID(int=72), dispute_id=DISPUTE, outcome="partly_upheld", **values)


def sent(facts: list[Fact]) -> dict[UUID, MessageSent]:
    messages = [fact for fact in facts if isinstance(fact, MessageSent)]
    by_customer = {message.customer_id: message for message in messages}
    assert len(messages) == len(by_customer), "somebody was told twice"
    return by_customer


def test_the_cases_customer_is_the_claimant() -> None:
    then = scenario.given(opened(), received()).when(open_it()).then_types(DisputeOpened, PartyJoined)
    _, claimant = then.facts
    assert isinstance(claimant, PartyJoined)
    assert (claimant.customer_id, claimant.side, claimant.conversation_id) == (ADA.customer_id, "claimant", CHAT)
    scenario.given(*past()).when(open_it()).then()
    scenario.given(*past()).when(open_it(dispute_id=SECOND)).then_refused("already_open")
    scenario.given(opened(), received()).when(open_it("auditor")).then_refused("not_your_role")
    scenario.given().when(open_it()).then_refused("no_conversation")


def test_the_other_side_is_asked_for_theirs_by_a_day_and_both_are_told_the_matter() -> None:
    then = scenario.given(*past()).when(join()).then_types(PartyJoined, MessageSent, MessageSent)
    joined = then.facts[0]
    assert isinstance(joined, PartyJoined)
    assert (joined.side, joined.state_by, joined.language) == ("respondent", NEXT_MONDAY, "de")
    told = sent(then.facts)
    asked, informed = told[BOB.customer_id], told[ADA.customer_id]
    assert (asked.channel, asked.recipient, informed.channel) == ("email", BOB.address, "chat")
    assert MATTER in asked.text
    assert MATTER in informed.text
    assert "Montag, 30. November 2026" in asked.text
    assert "Monday 30 November 2026" in informed.text
    assert "broken" not in asked.text + str(asked.subject)
    assert {asked.purpose, informed.purpose} == {"dispute_notice"}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (join("auditor"), "not_your_role"),
        (join(customer=ADA), "own_party"),
        (join(conversation=replace(THERE, recipient="8af6")), "cannot_be_told"),
    ],
)
def test_who_may_not_join_is_refused_on_record(command: JoinDispute, reason: str) -> None:
    then = scenario.given(*past()).when(command)
    then.then_refused(reason)
    [refusal] = then.facts
    assert isinstance(refusal, IntakeAttemptRefused)
    assert refusal.attempt == "join_dispute"


def test_a_dispute_has_two_sides_and_no_third() -> None:
    scenario.given(opened(), received()).when(join()).then_refused("no_dispute")
    scenario.given(*past(join())).when(join()).then()
    third = Customer(UUID(int=8), "email", "eve@example.com")
    scenario.given(*past(join())).when(join(customer=third)).then_refused("already_joined")


def test_somebody_whom_nobody_knew_is_known_from_now_on() -> None:
    stranger = Customer(UUID(int=8), "email", "eve@example.com", new=True)
    there = replace(THERE, customer_id=stranger.customer_id, recipient=stranger.address)
    facts = scenario.given(*past()).when(join(customer=stranger, conversation=there)).facts
    assert isinstance(facts[0], CustomerIdentified)
    assert facts[0].address == "eve@example.com"


def test_whoever_says_nothing_in_time_has_missed_it() -> None:
    joined = past(join())
    [fact] = [fact for fact in joined if isinstance(fact, PartyJoined) and fact.state_by]
    [timer] = Timers(RULES).changes(recorded(fact), fact)
    assert isinstance(timer, SetTimer)
    assert (timer.stream_id, timer.due) == (CASE, NEXT_MONDAY)
    command = due(Timer(timer.timer_id, timer.stream_id, timer.due, timer.kind), timer.due)
    missed = StatementMissed(case_id=CASE, dispute_id=DISPUTE, customer_id=BOB.customer_id, state_by=NEXT_MONDAY)
    scenario.given(*joined).when(command).then(missed)
    scenario.given(*joined, missed).when(command).then()
    scenario.given(*joined, received(SECOND, "email", BOB)).when(command).then()
    scenario.given(*joined).when(PassStatementTime(CASE, MONDAY)).then()
    scenario.given(opened(), received()).when(command).then()


def test_exactly_two_notices_each_in_its_language_and_with_what_follows_for_its_own_side() -> None:
    then = scenario.given(*past(join()), received(SECOND, "email", BOB)).when(tell())
    then.then_types(MessageSent, MessageSent)
    told = sent(then.facts)
    claimant, respondent = told[ADA.customer_id], told[BOB.customer_id]
    assert (claimant.conversation_id, respondent.conversation_id) == (CHAT, MAIL)
    assert "You get 40 EUR back." in claimant.text
    assert "balance" not in claimant.text
    assert "taken from your balance" in respondent.text
    assert "You get" not in respondent.text
    for text, language in ((claimant.text, "en"), (respondent.text, "de")):
        assert RULES.disputes.outcome("partly_upheld", language) in text
        assert RULES.disputes.way_to_appeal(language, CODE) in text
        assert "The brake was worn" in text
    assert then.state.dispute is not None
    assert then.state.dispute.told == {ADA.customer_id, BOB.customer_id}


def test_a_decision_that_comes_again_or_is_about_another_dispute_tells_nobody() -> None:
    scenario.given(*past(join())).when(tell(), tell()).then()
    scenario.given(*past(join())).when(replace(tell(), dispute_id=SECOND)).then()
    scenario.given(opened(), received()).when(tell()).then()


def test_a_side_is_told_where_it_wrote_last() -> None:
    elsewhere = receive(said(SECOND, "email", replace(ADA, address="ada@example.com")))
    facts = past(join(conversation=replace(THERE, conversation_id=UUID(int=6))), elsewhere)
    told = sent(scenario.given(*facts).when(tell()).facts)
    assert told[ADA.customer_id].channel == "email"
    assert told[BOB.customer_id].conversation_id == UUID(int=6)


def test_after_a_decision_another_dispute_may_be_opened() -> None:
    facts = past(join(), tell())
    scenario.given(*facts).when(open_it(dispute_id=SECOND)).then_types(DisputeOpened, PartyJoined)
    scenario.given(*facts).when(join()).then_refused("no_dispute")


HEARING = Hearing(DISPUTE, ADA.customer_id, BOB.customer_id, frozenset({"ana"}), heard=True, state_by=NEXT_MONDAY)


def decide(by: str = "max", role: str = "manager", hearing: Hearing = HEARING, now: datetime = MONDAY) -> DecideDispute:
    return DecideDispute(CASE, now, by, (role,), hearing, "partly_upheld", "The brake was worn when it was sold.")


def test_a_manager_who_took_no_part_decides_once() -> None:
    then = approvals.given().when(decide()).then_types(DisputeDecided)
    decided = then.facts[0]
    assert isinstance(decided, DisputeDecided)
    assert (decided.decided_by, decided.authority.role, decided.heard) == ("max", "manager", True)
    approvals.given(decided).when(decide("mia")).then_refused("already_decided")


def test_what_is_looked_at_again_is_decided_by_somebody_else() -> None:
    [before] = approvals.given().when(decide()).facts
    again = replace(HEARING, dispute_id=SECOND)
    approvals.given(before).when(decide(hearing=again)).then_refused("own_decision")
    approvals.given(before).when(decide("mia", hearing=again)).then_types(DisputeDecided)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (decide("sue", "supervisor"), "role_too_low"),
        (decide("ben", "agent"), "no_authority"),
        (decide("ana"), "took_part"),
        (decide(hearing=replace(HEARING, respondent_id=None, heard=False)), "no_respondent"),
        (decide(hearing=replace(HEARING, heard=False)), "not_heard"),
    ],
)
def test_nobody_else_decides_and_nobody_unheard(command: DecideDispute, reason: str) -> None:
    then = approvals.given().when(command)
    then.then_refused(reason)
    [refusal] = then.facts
    assert isinstance(refusal, ApprovalsAttemptRefused)
    assert (refusal.attempt, refusal.exception_id) == ("decide_dispute", None)


def test_silence_until_the_day_lets_the_decision_be_taken() -> None:
    silent = replace(HEARING, heard=False)
    approvals.given().when(decide(hearing=silent, now=NEXT_MONDAY)).then_types(DisputeDecided)
    before = NEXT_MONDAY - timedelta(seconds=1)
    approvals.given().when(decide(hearing=silent, now=before)).then_refused("not_heard")


def test_intake_hears_the_decision_and_tells_both() -> None:
    [decided] = approvals.given().when(decide()).facts
    event = recorded(decided)
    [command] = react(event, decided, MONDAY)
    assert isinstance(command, TellDispute)
    told = sent(scenario.given(*past(join())).when(command).facts)
    assert {message.message_id for message in told.values()} == {
        uuid5(event.event_id, str(customer.customer_id)) for customer in (ADA, BOB)
    }
    assert all(message.in_reply_to in (FIRST, None) for message in told.values())
