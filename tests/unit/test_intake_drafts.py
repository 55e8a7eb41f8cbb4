"""In a regulated case nothing leaves that only its writer has read."""

from dataclasses import replace
from typing import Any

import pytest

from services.intake.domain.commands import NoteRegulation, ReleaseReply, ReturnReply
from services.intake.domain.decider import make_decider
from services.intake.domain.policies.outgoing import draft_of
from services.intake.domain.policies.wording import FromTemplate, Words
from services.intake.domain.reactions import react
from shared.contracts.intake import MessageSent
from shared.contracts.intake_drafts import DraftFinding, RegulationNoted, ReplyDrafted, ReplyReleased, ReplyReturned
from tests.support.intake import RULES
from tests.support.intakes import ADA, CASE, CHAT, FIRST, MONDAY, REPLY, SECOND, opened, received, reply
from tests.support.recorded import recorded
from tests.support.scenario import Scenario
from tests.support.triage import BLEMISH, assessed

scenario = Scenario(make_decider(RULES))
DRAFT = draft_of(REPLY)
REGULATED = RegulationNoted(case_id=CASE, category="legal_threat")
PAST = [opened(), received(), REGULATED]
BLAME = DraftFinding(rule="no_blame", severity="error", start=0, end=3, problem="blames", better="Let us see.")


def drafted(**more: Any) -> ReplyDrafted:
    values = {"purpose": "agent", "drafted_by": "ana", "text": "We cannot do that.", **more}
    return ReplyDrafted(
        case_id=CASE, draft_id=DRAFT, message_id=REPLY, category="legal_threat", conversation_id=CHAT, channel="chat",
        customer_id=ADA.customer_id, in_reply_to=FIRST, **values,
    )  # fmt: skip


def release(by: str = "sam", *roles: str, note: str | None = None) -> ReleaseReply:
    return ReleaseReply(CASE, MONDAY, DRAFT, by, roles or ("supervisor",), note)


def send_back(by: str = "sam", *roles: str) -> ReturnReply:
    return ReturnReply(CASE, MONDAY, DRAFT, by, roles or ("supervisor",), "Name the way to appeal.")


def test_what_triage_calls_regulated_is_noted_once() -> None:
    note = NoteRegulation(CASE, MONDAY, "legal_threat", FIRST)
    scenario.given(opened(), received()).when(note).then(
        RegulationNoted(case_id=CASE, category="legal_threat", message_id=FIRST)
    )
    scenario.given(*PAST).when(note).then()
    scenario.given().when(note).then()


def test_intake_hears_from_the_reading_that_a_case_is_regulated() -> None:
    plain = assessed(1, BLEMISH)
    regulated = plain.model_copy(update={"regulated": "legal_threat"})
    assert react(recorded(plain), plain, MONDAY) == []
    assert react(recorded(regulated), regulated, MONDAY) == [
        NoteRegulation(plain.case_id, MONDAY, "legal_threat", plain.message_id)
    ]


def test_without_regulation_a_reply_leaves_at_once() -> None:
    scenario.given(opened(), received()).when(reply(automatic=False)).then_types(MessageSent)


def test_a_reply_in_a_regulated_case_waits_with_what_the_check_found() -> None:
    then = scenario.given(*PAST).when(reply(automatic=False, by="ana", checked=True, findings=(BLAME,)))
    then.then(drafted(purpose="boundary", checked=True, findings=(BLAME,)))


def test_the_rules_own_boundary_waits_too_and_a_decision_that_people_took_does_not() -> None:
    scenario.given(*PAST).when(reply(Words("That is not possible."))).then_types(ReplyDrafted)
    decision = replace(reply(FromTemplate("rejected", "en", {"reason": "The sale was final."})), purpose="decision")
    scenario.given(*PAST).when(decision).then_types(MessageSent)


def test_a_final_response_waits_in_every_case() -> None:
    final = reply(automatic=False, by="ana", kind="final_response")
    then = scenario.given(opened(), received()).when(final).then_types(ReplyDrafted)
    [written] = then.facts
    assert isinstance(written, ReplyDrafted)
    assert written.category == "final_response"
    plain = reply(automatic=False, by="ana", kind="chat about the weather")
    scenario.given(opened(), received()).when(plain).then_types(MessageSent)


def test_a_draft_given_twice_is_kept_once() -> None:
    scenario.given(*PAST).when(reply(), reply()).then()


def test_somebody_else_releases_it_and_it_is_sent_as_it_stands() -> None:
    then = scenario.given(*PAST, drafted()).when(release()).then_types(ReplyReleased, MessageSent)
    sent = then.facts[1]
    assert isinstance(sent, MessageSent)
    assert (sent.message_id, sent.text, sent.delivery, sent.in_reply_to) == (
        REPLY,
        "We cannot do that.",
        "queued",
        FIRST,
    )


def test_nobody_releases_or_returns_an_own_draft() -> None:
    scenario.given(*PAST, drafted()).when(release("ana")).then_refused("own_draft")
    scenario.given(*PAST, drafted()).when(send_back("ana")).then_refused("own_draft")


@pytest.mark.parametrize("roles", [("agent",), ("auditor", "ops")])
def test_only_the_named_roles_settle_a_draft(roles: tuple[str, ...]) -> None:
    scenario.given(*PAST, drafted()).when(release("sam", *roles)).then_refused("not_your_role")
    scenario.given(*PAST, drafted()).when(send_back("sam", *roles)).then_refused("not_your_role")


def test_an_error_that_the_check_found_leaves_only_with_a_note() -> None:
    past = [*PAST, drafted(checked=True, findings=(BLAME,))]
    scenario.given(*past).when(release()).then_refused("findings_without_note")
    scenario.given(*past).when(release(note="A quotation.")).then_types(ReplyReleased, MessageSent)
    warned = BLAME.model_copy(update={"severity": "warning"})
    scenario.given(*PAST, drafted(findings=(warned,))).when(release()).then_types(ReplyReleased, MessageSent)


def test_a_returned_draft_never_leaves() -> None:
    past = [*PAST, drafted()]
    scenario.given(*past).when(send_back()).then(
        ReplyReturned(case_id=CASE, draft_id=DRAFT, returned_by="sam", reason="Name the way to appeal.")
    )
    scenario.given(*past).when(send_back(), release("bea")).then_refused("already_settled")


def test_settling_twice_alike_changes_nothing() -> None:
    scenario.given(*PAST, drafted()).when(release(), release()).then()
    scenario.given(*PAST, drafted()).when(send_back(), send_back()).then()
    scenario.given(*PAST, drafted()).when(release(), send_back("bea")).then_refused("already_settled")


def test_a_draft_that_is_not_there_cannot_be_settled() -> None:
    scenario.given(*PAST).when(release()).then_refused("no_draft")


def test_a_later_message_does_not_redirect_a_draft() -> None:
    then = scenario.given(*PAST, drafted(), received(SECOND, "email")).when(release())
    sent = then.facts[1]
    assert isinstance(sent, MessageSent)
    assert (sent.channel, sent.conversation_id) == ("chat", CHAT)
