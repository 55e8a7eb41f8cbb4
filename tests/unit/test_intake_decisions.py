"""What a message opens, when it is acknowledged, where answers go, and what is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.domain.commands import Customer, MarkDelivered, MarkUndelivered, NoteClosure
from services.intake.domain.decider import make_decider
from services.intake.domain.policies.wording import REVIEW_LIMIT, FromTemplate, Words
from services.intake.domain.reactions import react
from shared.contracts.approvals import ExceptionRequested
from shared.contracts.intake import (
    CaseClosureNoted,
    CaseOpened,
    CustomerIdentified,
    IntakeAttemptRefused,
    MessageDelivered,
    MessageReceived,
    MessageSent,
    MessageUndelivered,
)
from shared.contracts.values import ClauseRef, Quorum
from tests.support.intake import RULES
from tests.support.intakes import (
    ADA,
    BOB,
    CASE,
    CODE,
    FIRST,
    MONDAY,
    REPLY,
    SECOND,
    SUNDAY,
    TUESDAY_EVENING,
    agent_says,
    opened,
    receive,
    received,
    reply,
    said,
    sent,
)
from tests.support.recorded import recorded
from tests.support.scenario import Scenario

scenario = Scenario(make_decider(RULES))


def only_answer(facts: list[object]) -> MessageSent:
    [answer] = [fact for fact in facts if isinstance(fact, MessageSent)]
    return answer


def test_a_first_message_opens_the_case_is_kept_and_is_acknowledged() -> None:
    then = scenario.given().when(receive()).then_types(CaseOpened, MessageReceived, MessageSent)
    answer = only_answer(list(then.facts))
    assert (answer.purpose, answer.delivery, answer.in_reply_to) == ("acknowledgement", "queued", FIRST)
    assert CODE in answer.text
    assert "Tuesday 24 November 2026 at 18:00" in answer.text
    assert then.state.answer_due == TUESDAY_EVENING


def test_a_new_address_makes_a_customer_known() -> None:
    new = replace(ADA, new=True)
    scenario.given().when(receive(said(customer=new))).then_types(
        CustomerIdentified, CaseOpened, MessageReceived, MessageSent
    )


def test_a_redelivered_message_teaches_nothing() -> None:
    scenario.given(opened(), received()).when(receive()).then()


def test_later_messages_are_kept_and_not_acknowledged_again() -> None:
    scenario.given(opened(), received(), sent()).when(receive(said(SECOND))).then_types(MessageReceived)


def test_out_of_hours_the_customer_is_told_when_we_are_back() -> None:
    then = scenario.given().when(receive(now=SUNDAY))
    text = only_answer(list(then.facts)).text
    assert "back Monday 23 November 2026 at 09:00" in text
    assert "an answer by Monday 23 November 2026 at 18:00" in text


def test_the_acknowledgement_speaks_the_customers_language_and_english_where_we_do_not() -> None:
    spanish = scenario.given().when(receive(language="es"))
    other = scenario.given().when(receive(language="zh"))
    assert "Su caso es el" in only_answer(list(spanish.facts)).text
    assert "Your case is" in only_answer(list(other.facts)).text


def test_a_letter_greets_by_name_and_carries_the_code_in_its_subject() -> None:
    then = scenario.given().when(receive(said(channel="email", subject="Broken order")))
    answer = only_answer(list(then.facts))
    assert answer.text.startswith("Dear Ada,")
    assert answer.subject == f"Re: Broken order [{CODE}]"


def test_a_review_is_acknowledged_in_public_without_a_name() -> None:
    then = scenario.given().when(receive(said(channel="review", rating=1)))
    answer = only_answer(list(then.facts))
    assert len(answer.text) <= REVIEW_LIMIT
    assert "Ada" not in answer.text
    assert "example.com" not in answer.text


def test_on_the_phone_the_acknowledgement_is_a_script_for_the_agent() -> None:
    then = scenario.given().when(receive(said(channel="phone")))
    answer = only_answer(list(then.facts))
    assert (answer.purpose, answer.delivery) == ("script", "queued")


@pytest.mark.parametrize("channel", ["email", "chat"])
def test_what_no_machine_may_answer_opens_a_case_silently(channel: str) -> None:
    quiet = said(channel=channel, quiet="it came through a mailing list")
    then = scenario.given().when(receive(quiet)).then_types(CaseOpened, MessageReceived)
    [message] = [fact for fact in then.facts if isinstance(fact, MessageReceived)]
    assert message.no_automatic_answer == "it came through a mailing list"


def test_mail_is_acknowledged_once_a_day_a_conversation_and_chat_for_every_case() -> None:
    lately = MONDAY - timedelta(hours=23)
    earlier = MONDAY - timedelta(hours=25)
    mail = said(channel="email")
    scenario.given().when(receive(mail, acknowledged_at=lately)).then_types(CaseOpened, MessageReceived)
    scenario.given().when(receive(mail, acknowledged_at=earlier)).then_types(CaseOpened, MessageReceived, MessageSent)
    scenario.given().when(receive(acknowledged_at=lately)).then_types(CaseOpened, MessageReceived, MessageSent)


def test_a_machine_that_writes_new_mails_to_our_acknowledgements_ends_up_alone() -> None:
    mail = said(channel="email")
    scenario.given().when(receive(mail, acknowledged_today=10)).then_types(CaseOpened, MessageReceived)


def test_an_agent_who_begins_opens_the_case_and_the_customers_first_words_are_acknowledged() -> None:
    begun = scenario.given().when(agent_says(said(FIRST, text="How can I help you?")))
    begun.then_types(CaseOpened, MessageSent)
    assert only_answer(list(begun.facts)).delivery == "said"
    scenario.given(*begun.facts).when(receive(said(SECOND))).then_types(MessageReceived, MessageSent)


def test_an_agents_words_answer_what_the_customer_said_last() -> None:
    then = scenario.given(opened(), received()).when(agent_says(said(SECOND, text="Let me see.")))
    assert only_answer(list(then.facts)).in_reply_to == FIRST


def test_an_answer_goes_where_its_message_came_from() -> None:
    past = [opened(), received(FIRST, "email"), received(SECOND, "chat")]
    then = scenario.given(*past).when(reply(in_reply_to=FIRST))
    answer = only_answer(list(then.facts))
    assert (answer.channel, answer.recipient, answer.in_reply_to) == ("email", "ada@example.com", FIRST)
    assert answer.subject == f"Re: My order came broken. [{CODE}]"


def test_a_decision_is_told_where_the_cases_own_customer_wrote_last_and_to_nobody_else() -> None:
    past = [opened(), received(FIRST, "chat"), received(SECOND, "email", BOB)]
    then = scenario.given(*past).when(reply(FromTemplate("rejected", "en", {"reason": "The sale was final."})))
    answer = only_answer(list(then.facts))
    assert (answer.channel, answer.recipient) == ("chat", "ada@example.com")
    assert "The sale was final." in answer.text


def test_a_public_answer_is_cut_to_its_limit() -> None:
    past = [opened("review"), received(FIRST, "review")]
    then = scenario.given(*past).when(reply(Words("A sentence of some length that goes on. " * 20)))
    text = only_answer(list(then.facts)).text
    assert len(text) <= REVIEW_LIMIT
    assert text.endswith("goes on.")


def test_an_answer_given_twice_is_sent_once() -> None:
    scenario.given(opened(), received(), sent(REPLY)).when(reply()).then()


def test_an_answer_before_anybody_spoke_is_refused() -> None:
    scenario.given().when(reply()).then_refused("no_conversation")


def test_a_mail_without_an_address_cannot_be_answered() -> None:
    nobody = Customer(ADA.customer_id, "unknown", "8af6bd651a36dad5")
    scenario.given(opened("email"), received(FIRST, "email", nobody)).when(reply(automatic=False)).then_refused(
        "no_address"
    )


def test_a_person_may_answer_what_a_machine_may_not() -> None:
    past = [opened("email"), received(FIRST, "email", no_automatic_answer="it came through a mailing list")]
    scenario.given(*past).when(reply()).then_refused("no_automatic_answer")
    scenario.given(*past).when(reply(automatic=False)).then_types(MessageSent)


def test_delivery_is_recorded_once_and_may_still_fail_later() -> None:
    past = [opened(), received(), sent(REPLY)]
    delivered = MarkDelivered(CASE, MONDAY, REPLY, 1, "250 OK")
    failed = MarkUndelivered(CASE, MONDAY, REPLY, 1, "550 5.1.1 user unknown")
    scenario.given(*past).when(delivered).then_types(MessageDelivered)
    scenario.given(*past).when(delivered, delivered).then()
    scenario.given(*past).when(delivered, failed).then_types(MessageUndelivered)
    scenario.given(*past).when(failed, failed).then()
    scenario.given(*past).when(failed, delivered).then()


def test_words_said_live_are_not_delivered_again() -> None:
    past = [opened(), received(), sent(REPLY, delivery="said")]
    scenario.given(*past).when(MarkDelivered(CASE, MONDAY, REPLY, 1, "late")).then()


def test_closing_is_noted_once_and_taken_back_when_the_case_is_reopened() -> None:
    closed = NoteClosure(CASE, MONDAY, closed=True, reason="quiet")
    reopened = NoteClosure(CASE, MONDAY, closed=False, reason="late reply")
    scenario.given(opened()).when(closed).then(CaseClosureNoted(case_id=CASE, closed=True, reason="quiet"))
    scenario.given(opened()).when(closed, closed).then()
    scenario.given(opened()).when(closed, reopened).then(
        CaseClosureNoted(case_id=CASE, closed=False, reason="late reply")
    )
    scenario.given().when(closed).then()


def test_a_long_text_gives_a_short_subject() -> None:
    then = scenario.given().when(receive(said(text="word " * 200)))
    [case] = [fact for fact in then.facts if isinstance(fact, CaseOpened)]
    assert len(case.subject) <= 120


def test_a_refusal_says_what_was_tried() -> None:
    then = scenario.given().when(reply())
    [refusal] = then.facts
    assert isinstance(refusal, IntakeAttemptRefused)
    assert refusal.attempt == "send_reply"


@pytest.mark.parametrize(("proposed_by", "told"), [("rules", True), ("ana", False)])
def test_what_a_customer_asked_for_is_told_to_be_passed_on_and_what_an_agent_proposes_is_not(
    proposed_by: str, told: bool
) -> None:
    asked = ExceptionRequested(
        case_id=CASE,
        exception_id=SECOND,
        request_id=FIRST,
        kind="unfounded_demand",
        clause=ClauseRef(policy="shop", version="1", clause="D-1", text="No discounts."),
        deviation="a discount",
        reason="The customer does not accept the refusal.",
        proposed_by=proposed_by,
        required_role="supervisor",
        quorum=Quorum(),
        deadline=TUESDAY_EVENING,
        language="de",
    )
    commands = react(recorded(asked), asked, MONDAY)
    assert bool(commands) is told
    for command in commands:
        [sent_on] = scenario.given(opened(), received()).when(command).then_types(MessageSent).facts
        assert isinstance(sent_on, MessageSent)
        assert sent_on.purpose == "passed_on"
        assert "nicht beteiligt" in sent_on.text
