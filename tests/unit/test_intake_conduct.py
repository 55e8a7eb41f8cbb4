"""A measure on conduct: by whom, after what, told with its reason, reviewed in time, and never in the way of help."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.intake.domain.commands import (
    AnswerEmergency,
    AppealMeasure,
    LiftMeasure,
    PassReviewDay,
    ReviewMeasure,
    TakeMeasure,
    Terms,
    Told,
)
from services.intake.domain.decider import make_decider
from services.intake.domain.policies.days import months_after
from services.intake.domain.reactions import react
from services.intake.domain.state import Conversation
from services.intake.domain.timers import Timers, due
from shared.contracts.event import Fact
from shared.contracts.intake import IntakeAttemptRefused, MessageReceived, MessageSent
from shared.contracts.intake_conduct import (
    ConductAppealMade,
    ConductMeasureLifted,
    ConductMeasureReviewed,
    ConductMeasureTaken,
    ConductReviewDue,
)
from shared.kernel.errors import NotFound
from shared.kernel.timers import CancelTimer, SetTimer, Timer
from tests.support.intake import RULES
from tests.support.intakes import ADA, CASE, CHAT, CODE, FIRST, MAIL, MONDAY, SECOND, opened, receive, received, said
from tests.support.recorded import recorded
from tests.support.scenario import Scenario
from tests.support.triage import BLEMISH, assessed

scenario = Scenario(make_decider(RULES))
MEASURE, NOTICE = UUID(int=91), UUID(int=92)
TODAY = MONDAY.date()
SPRING = date(2027, 3, 1)
HERE = Conversation(CHAT, "chat", ADA.customer_id, ADA.address, heard=FIRST)
WHO: dict[str, Any] = {"customer_id": ADA.customer_id, "now": MONDAY, "case_id": CASE}


def told(language: str = "en", conversation: Conversation | None = HERE) -> Told:
    return Told(conversation, language, CODE, "My order came broken.")


def take(measure: str = "warning", by: str = "max", role: str = "manager", **more: Any) -> TakeMeasure:
    values: dict[str, Any] = {
        "measure_id": MEASURE,
        "category": "persistence",
        "reason": "Nine letters on a matter that was decided.",
        "evidence": (FIRST,),
        "adjustments": ("a summary of all answers",),
        "review_on": SPRING,
        "terms": Terms(open_channel="email", contact="Ben", times="Mondays from 9 to 11"),
        "told": told(),
        **more,
    }
    return TakeMeasure(**WHO, by=by, roles=(role,), measure=measure, **values)


def review(outcome: str, by: str = "mia", role: str = "manager", **more: Any) -> ReviewMeasure:
    values: dict[str, Any] = {"why": "Calmer by now.", "review_on": None, "terms": Terms(), "told": told(), **more}
    return ReviewMeasure(**WHO, by=by, roles=(role,), measure_id=MEASURE, notice_id=NOTICE, outcome=outcome, **values)


def lift(by: str = "mia", role: str = "manager") -> LiftMeasure:
    return LiftMeasure(
        **WHO, by=by, roles=(role,), measure_id=MEASURE, notice_id=NOTICE, why="Calmer by now.", told=told()
    )


def appeal() -> AppealMeasure:
    return AppealMeasure(**WHO, by="ana", roles=("agent",), measure_id=MEASURE, message_id=SECOND)


def taken(measure: str = "warning", **more: Any) -> ConductMeasureTaken:
    facts = make_decider(RULES).decide(take(measure, category="behaviour", **more), make_decider(RULES).initial)
    fact = facts[0]
    assert isinstance(fact, ConductMeasureTaken)
    return fact


def notice_of(facts: list[Fact]) -> MessageSent:
    [sent] = [fact for fact in facts if isinstance(fact, MessageSent)]
    assert sent.purpose == "conduct_notice"
    assert (sent.case_id, sent.conversation_id, sent.recipient, sent.delivery) == (CASE, CHAT, ADA.address, "queued")
    return sent


def test_a_warning_is_taken_and_told_with_reason_review_and_the_way_to_appeal() -> None:
    then = scenario.given().when(take()).then_types(ConductMeasureTaken, MessageSent)
    fact, text = then.facts[0], notice_of(then.facts).text
    assert isinstance(fact, ConductMeasureTaken)
    assert (fact.taken_by, fact.role, fact.open_channel) == ("max", "manager", None)
    assert fact.stream_id == ADA.customer_id
    for part in (fact.told, "Nine letters", "Monday 1 March 2027", "If you disagree", CODE):
        assert part in text


@pytest.mark.parametrize(
    ("language", "day"),
    [("es", "el lunes 1 de marzo de 2027"), ("fr", "lundi 1 mars 2027"), ("de", "Montag, 1. März 2027")],
)
def test_it_is_told_in_the_customers_language(language: str, day: str) -> None:
    facts = scenario.given(taken()).when(take("restricted_channel", measure_id=SECOND, told=told(language))).facts
    text = notice_of(facts).text
    assert day in text
    assert RULES.conduct.channel("email", language) in text
    assert RULES.conduct.way_to_appeal(language, CODE) in text


def test_a_measure_sent_twice_is_taken_once() -> None:
    scenario.given().when(take(), take()).then()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"role": "agent"}, "not_your_role"),
        ({"measure": "exile"}, "unknown_measure"),
        ({"category": "hairstyle"}, "unknown_category"),
        ({"measure": "restricted_channel", "role": "supervisor"}, "not_your_role"),
        ({"measure": "restricted_channel", "adjustments": ()}, "adjustments_first"),
        ({"measure": "restricted_channel", "terms": Terms()}, "terms_missing"),
        ({"measure": "restricted_channel", "terms": Terms(open_channel="pigeon")}, "no_such_channel"),
        ({"measure": "named_contact"}, "too_early"),
        ({"review_on": TODAY}, "wrong_review_day"),
        ({"review_on": months_after(TODAY, 12) + timedelta(days=1)}, "wrong_review_day"),
        ({"told": told(conversation=None)}, "cannot_be_told"),
        ({"told": told(conversation=replace(HERE, channel="email", recipient="8af6"))}, "cannot_be_told"),
    ],
)
def test_what_may_not_be_done_is_refused_on_record_in_the_case(change: dict[str, Any], reason: str) -> None:
    then = scenario.given().when(take(**change))
    then.then_refused(reason)
    [refusal] = then.facts
    assert isinstance(refusal, IntakeAttemptRefused)
    assert (refusal.stream_id, refusal.attempt) == (CASE, "take_conduct_measure")


def test_threats_need_no_warning_first_and_one_measure_of_a_kind_is_enough() -> None:
    at_once = take("restricted_channel", category="behaviour")
    scenario.given().when(at_once).then_types(ConductMeasureTaken, MessageSent)
    scenario.given(taken("restricted_channel")).when(replace(at_once, measure_id=SECOND)).then_refused(
        "already_in_force"
    )


def test_a_supervisor_warns() -> None:
    scenario.given().when(take(by="sue", role="supervisor")).then_types(ConductMeasureTaken, MessageSent)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 23), 12, date(2027, 11, 23)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
    ],
)
def test_months_are_counted_to_the_last_day_of_a_short_one(day: date, months: int, later: date) -> None:
    assert months_after(day, months) == later


def test_keeping_changing_and_lifting_are_told() -> None:
    kept = scenario.given(taken()).when(review("kept", review_on=SPRING + timedelta(days=31)))
    kept.then_types(ConductMeasureReviewed, MessageSent)
    assert "Thursday 1 April 2027" in notice_of(kept.facts).text
    past = taken("restricted_channel")
    changed = scenario.given(past).when(review("changed", terms=Terms(open_channel="phone", contact="Ben")))
    fact = changed.then_types(ConductMeasureReviewed, MessageSent).facts[0]
    assert isinstance(fact, ConductMeasureReviewed)
    assert (fact.open_channel, fact.contact) == ("phone", None)
    assert "channel only: phone" in notice_of(changed.facts).text
    lifted = scenario.given(past).when(review("lifted"))
    lifted.then_types(ConductMeasureReviewed, ConductMeasureLifted, MessageSent)
    assert "as before" in notice_of(lifted.facts).text
    assert not lifted.state.standing.in_force("restricted_channel")


def test_only_those_who_may_take_it_decide_on_it() -> None:
    past = taken("restricted_channel")
    scenario.given(past).when(review("lifted", by="sue", role="supervisor")).then_refused("not_your_role")
    scenario.given(past).when(lift("sue", "supervisor")).then_refused("not_your_role")
    scenario.given(past).when(lift(), review("kept", review_on=SPRING)).then_refused("not_in_force")
    scenario.given(past).when(lift(), lift()).then()


def test_an_appeal_is_not_decided_by_anybody_who_had_a_part_in_the_measure() -> None:
    past = taken("restricted_channel")
    made = scenario.given(past).when(appeal()).then_types(ConductAppealMade).facts
    for command in (review("kept", by="max", review_on=SPRING), lift("max")):
        scenario.given(past, *made).when(command).then_refused("own_measure")
    decided = scenario.given(past, *made).when(review("changed", terms=Terms(open_channel="phone")))
    fact = decided.then_types(ConductMeasureReviewed, MessageSent).facts[0]
    assert isinstance(fact, ConductMeasureReviewed)
    assert fact.on_appeal
    again = scenario.given(past, *made, fact).when(appeal(), review("lifted"))
    again.then_refused("own_measure")
    scenario.given(past, *made).when(appeal()).then()
    scenario.given(past).when(lift(), appeal()).then_refused("not_in_force")


def test_a_review_that_says_nothing_new_is_refused() -> None:
    past = taken("restricted_channel")
    scenario.given(past).when(review("changed")).then_refused("nothing_changes")
    scenario.given(past).when(review("changed", terms=Terms(open_channel="pigeon"))).then_refused("no_such_channel")
    scenario.given(past).when(replace(review("kept"), now=MONDAY.replace(year=2028))).then_refused("review_missing")


def test_a_measure_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="measure_id"):
        scenario.given().when(lift())


def test_the_day_of_review_comes_by_a_timer_and_moves_with_it() -> None:
    timers, fact = Timers(RULES), taken()
    [timer] = timers.changes(recorded(fact), fact)
    assert isinstance(timer, SetTimer)
    assert timer.stream_id == ADA.customer_id
    assert timer.due.astimezone(MONDAY.tzinfo).isoformat() == "2027-03-01T00:00:00+01:00"
    command = due(Timer(timer.timer_id, timer.stream_id, timer.due, timer.kind), timer.due)
    assert isinstance(command, PassReviewDay)
    passed = scenario.given(fact).when(command)
    passed.then(ConductReviewDue(customer_id=ADA.customer_id, case_id=CASE, measure_id=MEASURE, review_on=SPRING))
    assert passed.state.standing.measures[MEASURE].review_due
    scenario.given(fact, *passed.facts).when(command).then()
    scenario.given(fact).when(PassReviewDay(ADA.customer_id, MONDAY)).then()
    [reviewed, _] = scenario.given(fact).when(review("kept", review_on=SPRING + timedelta(days=31))).facts
    [moved] = timers.changes(recorded(reviewed), reviewed)
    assert isinstance(moved, SetTimer)
    assert (moved.timer_id, moved.due > timer.due) == (timer.timer_id, True)
    [lifted, _] = scenario.given(fact).when(lift()).facts
    assert timers.changes(recorded(lifted), lifted) == [CancelTimer(timer.timer_id)]


def test_what_comes_by_a_closed_channel_is_recorded_and_answered_with_the_open_one() -> None:
    facts = scenario.given(opened(), received()).when(receive(said(SECOND), open_channel="email")).facts
    heard, answer = facts
    assert isinstance(heard, MessageReceived)
    assert isinstance(answer, MessageSent)
    assert (answer.purpose, answer.conversation_id, answer.in_reply_to) == ("restricted", CHAT, SECOND)
    assert "e-mail" in answer.text


def test_the_open_channel_is_named_once_a_day() -> None:
    first = receive(said(SECOND), open_channel="email")
    again = receive(said(UUID(int=77)), open_channel="email", now=MONDAY + timedelta(hours=2))
    scenario.given(opened(), received()).when(first, again).then_types(MessageReceived)
    tomorrow = replace(again, now=MONDAY + timedelta(days=1))
    scenario.given(opened(), received()).when(first, tomorrow).then_types(MessageReceived, MessageSent)


@pytest.mark.parametrize(
    "command",
    [
        receive(said(channel="email"), open_channel="email"),
        receive(said(), open_channel="email", comes_first=True),
        receive(said(channel="review"), open_channel="email"),
    ],
)
def test_the_open_channel_the_vulnerable_and_the_public_are_answered_as_ever(command: Any) -> None:
    sent = [fact for fact in scenario.given().when(command).facts if isinstance(fact, MessageSent)]
    assert [one.purpose for one in sent] == ["acknowledgement"]


def test_letters_without_end_are_not_answered_without_end() -> None:
    limit = RULES.answering.acknowledgements_a_day
    letter = receive(said(channel="email"), open_channel="phone", acknowledged_today=limit - 1)
    scenario.given(opened(), received()).when(replace(letter, said=said(SECOND, "email"))).then_types(
        MessageReceived, MessageSent
    )
    one_more = replace(letter, said=said(SECOND, "email"), acknowledged_today=limit)
    scenario.given(opened(), received()).when(one_more).then_types(MessageReceived)


def test_no_machine_names_the_open_channel_where_none_may_answer() -> None:
    quiet = receive(said(SECOND, quiet="a mailing list"), open_channel="email")
    scenario.given(opened(), received()).when(quiet).then_types(MessageReceived)


def test_in_an_emergency_the_number_to_call_is_named_once_on_a_closed_channel_too() -> None:
    first = receive(said(SECOND), open_channel="email")
    emergency = AnswerEmergency(CASE, MONDAY, SECOND, "en")
    then = scenario.given(opened(), received()).when(first, emergency).then_types(MessageSent)
    [sent] = then.facts
    assert isinstance(sent, MessageSent)
    assert (sent.purpose, sent.message_id) == ("emergency", uuid5(SECOND, "emergency"))
    assert "112" in sent.text
    scenario.given(opened(), received()).when(first, emergency, emergency).then()


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
@pytest.mark.parametrize("channel", ["chat", "email", "phone", "review"])
def test_in_an_emergency_the_number_to_call_is_named_in_every_language_and_form(channel: str, language: str) -> None:
    heard = (opened(channel), received(channel=channel))
    [sent] = scenario.given(*heard).when(AnswerEmergency(CASE, MONDAY, FIRST, language)).then_types(MessageSent).facts
    assert isinstance(sent, MessageSent)
    assert "112" in sent.text
    assert CODE in sent.text or channel == "email"


def test_intake_hears_of_emergencies_from_the_reading() -> None:
    plain = assessed(1, BLEMISH)
    urgent = plain.model_copy(update={"reading": plain.reading.model_copy(update={"emergency": True})})
    assert react(recorded(plain), plain, MONDAY) == []
    [command] = react(recorded(urgent), urgent, MONDAY)
    assert command == AnswerEmergency(plain.case_id, MONDAY, plain.message_id, plain.reading.language)


def test_a_letter_in_another_conversation_is_told_there() -> None:
    mail = Conversation(MAIL, "email", ADA.customer_id, ADA.address, "Broken", heard=SECOND)
    [_, sent] = scenario.given().when(take(told=told(conversation=mail))).facts
    assert isinstance(sent, MessageSent)
    assert (sent.channel, sent.subject) == ("email", f"Re: Broken [{CODE}]")
