"""Several requests in a message, requests that wait for information, and the policy that a case is pinned to."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from services.triage.domain.commands import AssessMessage, Command
from services.triage.domain.decider import make_decider
from services.triage.domain.policies.answering import UNREAD, UNSURE, Policy, TriageRules
from services.triage.domain.policies.ruling import Missing, Question, Ruling, Trace
from services.triage.domain.reactions import ids_from
from shared.contracts.event import Fact
from shared.contracts.said import AskedFor, Doubt, Reference
from shared.contracts.triage import (
    BoundaryStated,
    Evidence,
    ExceptionProposed,
    Reading,
    RequestAssessed,
    RequestGranted,
    RequestReferred,
)
from shared.contracts.triage_requests import InformationAsked, LookedUpRecord, PolicyRef
from shared.contracts.values import Alternative, ClauseRef, Money
from tests.support.triage import BLEMISH, CASE, TUESDAY, message, reading, request_of, shop, triage_rules

OLD, NEW = PolicyRef(policy="shop", version="1"), PolicyRef(policy="shop", version="2")
CHANGE = TUESDAY + timedelta(hours=1)


class Versions:
    """Two versions: both refuse after 30 days and ask when it was bought; version 2 grants discounts."""

    def in_force(self, received_at: datetime) -> Policy:
        return self.version(OLD if received_at < CHANGE else NEW)

    def version(self, ref: PolicyRef) -> Policy:
        def rule(asked: Question) -> Ruling:
            return _ruling(asked, ref)

        return Policy(ref, rule, lambda _clause, _language: "a full refund", shop().wording)


def _ruling(asked: Question, ref: PolicyRef) -> Ruling:
    clause = {"discount": "D-1", "repair": "W-1"}.get(asked.remedy or "", "R-2")
    quoted = ClauseRef(policy=ref.policy, version=ref.version, clause=clause, text="As agreed.")
    trace = Trace("a-row", "a row", ())
    if clause == "R-2" and asked.days_since_purchase is None:
        missing = (Missing(path="days_since_purchase", question="When did you buy it?"),)
        return Ruling("needs_information", quoted, "en", 0, trace, missing=missing)
    if clause == "W-1" or (clause == "D-1" and ref == NEW):
        return Ruling("allowed", quoted, "en", 5, trace, what="We do it.")
    return Ruling(
        "refused",
        quoted,
        "en",
        0,
        trace,
        limit="We cannot.",
        reason="It is late.",
        alternatives=(Alternative(offer="a voucher", benefit="you can spend it"),),
        appeal="Answer appeal.",
    )


def decide(*commands: AssessMessage, sure_from: float = 0.0) -> list[list[Fact]]:
    """Give what each command leads to, one after another."""
    decider = make_decider(TriageRules(Versions(), triage_rules().calendar, sure_from))
    facts: list[Fact] = []
    led_to: list[list[Fact]] = []
    for command in commands:
        decision: Command = command
        led_to.append(list(decider.decide(decision, decider.fold(facts))))
        facts += led_to[-1]
    return led_to


def questions(*commands: AssessMessage) -> list[Question]:
    """Give what the policy is asked while the commands are carried out."""
    seen: list[Question] = []

    class Watching(Versions):
        def version(self, ref: PolicyRef) -> Policy:
            policy = super().version(ref)

            def rule(asked: Question) -> Ruling:
                seen.append(asked)
                return policy.rule(asked)

            return replace(policy, rule=rule)

    decider = make_decider(TriageRules(Watching(), triage_rules().calendar))
    facts: list[Fact] = []
    for command in commands:
        facts += decider.decide(command, decider.fold(facts))
    return seen


def said(number: int, what: Reading, at: datetime = TUESDAY) -> AssessMessage:
    return AssessMessage(CASE, at, message(number), "chat", what, ids_from(message(number)), at)


def asks(kind: str, remedy: str, start: int, end: int, **facts: object) -> AskedFor:
    return AskedFor.model_validate(
        {"kind": kind, "remedy": remedy, "start": start, "end": end, "confidence": 0.9, "judged_by": "rules", **facts}
    )


TWO = reading(
    "product_or_service_failure",
    "unfounded_demand",
    remedy="repair",
    requests=(asks("unfounded_demand", "discount", 0, 20), asks("product_or_service_failure", "repair", 25, 60)),
)


def test_each_request_of_a_message_has_an_answer_of_its_own() -> None:
    (facts,) = decide(said(1, TWO))
    assert [type(fact) for fact in facts] == [RequestAssessed, RequestGranted, BoundaryStated]
    assessed, granted, refused = facts
    assert isinstance(assessed, RequestAssessed)
    assert isinstance(granted, RequestGranted)
    assert isinstance(refused, BoundaryStated)
    assert assessed.request_ids == (granted.request_id, refused.request_id)
    assert granted.request_id == assessed.request_id == request_of(1)
    assert (granted.clause.clause, refused.clause.clause) == ("W-1", "D-1")
    assert refused.boundary_id != ids_from(message(1)).boundary


def test_a_circumstance_counts_for_the_request_that_it_is_said_with() -> None:
    near_the_second = Evidence(finding="topic:final_sale", start=30, end=40, rule="final-sale")
    two = TWO.model_copy(update={"evidence": (near_the_second,)})
    (facts,) = decide(said(1, two))
    assessed = facts[0]
    assert isinstance(assessed, RequestAssessed)
    decider = make_decider(TriageRules(Versions(), triage_rules().calendar))
    state = decider.fold(facts)
    found: Mapping[str | None, int] = {one.reading.remedy: len(one.reading.evidence) for one in state.requests.values()}
    assert found == {"discount": 0, "repair": 1}


LATE = reading("buyers_remorse", remedy="refund")
DATE = reading(days_since_purchase=45)


def test_what_policy_must_know_first_is_asked_once() -> None:
    first, again = decide(said(1, LATE), said(2, LATE))
    assert [type(fact) for fact in first] == [RequestAssessed, InformationAsked]
    asked = first[1]
    assert isinstance(asked, InformationAsked)
    assert [(one.fact, one.question) for one in asked.questions] == [("days_since_purchase", "When did you buy it?")]
    assert "When did you buy it?" in asked.text
    assert [type(fact) for fact in again] == [RequestAssessed]


def test_a_question_of_the_customer_is_answered_while_a_request_waits() -> None:
    _, asked_back = decide(said(1, LATE), said(2, reading("information", remedy="discount")))
    assert [type(fact) for fact in asked_back] == [RequestAssessed, BoundaryStated]


def test_the_answer_to_the_question_decides_the_request_that_waited() -> None:
    _, answered = decide(said(1, LATE), said(2, DATE))
    assert [type(fact) for fact in answered] == [RequestAssessed, BoundaryStated]
    boundary = answered[1]
    assert isinstance(boundary, BoundaryStated)
    assert (boundary.request_id, boundary.message_id, boundary.kind) == (request_of(1), message(2), "buyers_remorse")


def test_an_answer_that_the_rules_cannot_read_goes_to_a_person_with_the_request() -> None:
    _, unread, later = decide(said(1, LATE), said(2, reading()), said(3, DATE))
    assert [type(fact) for fact in unread] == [RequestAssessed, RequestReferred]
    referred = unread[1]
    assert isinstance(referred, RequestReferred)
    assert (referred.request_id, referred.reason) == (request_of(1), UNREAD)
    assert [type(fact) for fact in later] == [RequestAssessed]  # a person has it now


def test_a_number_that_was_named_once_is_known_to_later_requests() -> None:
    named = Reference(kind="order", value="W1", start=0, end=2, confidence=0.9, judged_by="rules")
    first = reading("information", references=(named,))
    seen = questions(said(1, first), said(2, reading("unfounded_demand", remedy="discount")))
    assert [dict(asked.arguments) for asked in seen] == [{"order_id": "W1"}] * 2


def test_what_was_looked_up_is_kept_and_answers_later_requests_too() -> None:
    order = LookedUpRecord(
        kind="order", id="W1", found=True, value='{"status":"delivered"}', source="provider", as_of=TUESDAY,
        age_seconds=0.5,
    )  # fmt: skip
    first = replace(said(1, LATE), looked_up=(order,))
    seen = questions(first, said(2, reading("unfounded_demand", remedy="discount")))
    assessed = decide(first)[0][0]
    assert isinstance(assessed, RequestAssessed)
    assert assessed.looked_up == (order,)
    assert [dict(asked.records) for asked in seen] == [{"order": {"status": "delivered"}}] * 2


def test_a_request_that_is_said_again_with_the_date_is_answered_once() -> None:
    _, answered, later = decide(
        said(1, LATE), said(2, LATE.model_copy(update={"days_since_purchase": 45})), said(3, DATE)
    )
    assert [type(fact) for fact in answered] == [RequestAssessed, BoundaryStated]
    assert [type(fact) for fact in later] == [RequestAssessed]


def test_an_appeal_that_names_the_same_remedy_is_not_ruled_anew() -> None:
    refused = reading("buyers_remorse", remedy="refund", days_since_purchase=45)
    _, appealed = decide(said(1, refused), said(2, reading("other", remedy="refund", appeals=True)))
    assert [type(fact) for fact in appealed] == [RequestAssessed, ExceptionProposed]


def test_an_appeal_that_asks_for_something_else_too_has_both_answered() -> None:
    refused = reading("buyers_remorse", remedy="refund", days_since_purchase=45)
    other = reading("product_or_service_failure", remedy="repair", appeals=True)
    _, appealed = decide(said(1, refused), said(2, other))
    assert [type(fact) for fact in appealed] == [RequestAssessed, RequestGranted, ExceptionProposed]


@pytest.mark.parametrize(("at", "version", "outcome"), [(TUESDAY, OLD, BoundaryStated), (CHANGE, NEW, RequestGranted)])
def test_a_case_is_answered_by_the_version_in_force_when_its_request_was_received(
    at: datetime, version: PolicyRef, outcome: type[Fact]
) -> None:
    (facts,) = decide(said(1, reading("unfounded_demand", remedy="discount"), at))
    assert [type(fact) for fact in facts] == [RequestAssessed, outcome]
    assessed = facts[0]
    assert isinstance(assessed, RequestAssessed)
    assert assessed.policy == version


def test_a_case_stays_with_its_version_when_a_new_one_comes_into_force() -> None:
    first, later = decide(
        said(1, reading("buyers_remorse", remedy="refund", days_since_purchase=45)),
        said(2, reading("unfounded_demand", remedy="discount"), CHANGE + timedelta(days=30)),
    )
    assert isinstance(first[0], RequestAssessed)
    assert first[0].policy == OLD
    assert [type(fact) for fact in later] == [RequestAssessed, BoundaryStated]
    refused = later[1]
    assert isinstance(refused, BoundaryStated)
    assert refused.clause.version == OLD.version
    assert isinstance(later[0], RequestAssessed)
    assert later[0].policy is None  # said once


def test_a_reading_that_is_too_unsure_goes_to_a_person() -> None:
    unsure = reading("unfounded_demand", remedy="discount", confidence=0.4)
    (facts,) = decide(said(1, unsure), sure_from=0.5)
    assert [type(fact) for fact in facts] == [RequestAssessed, RequestReferred]
    referred = facts[1]
    assert isinstance(referred, RequestReferred)
    assert referred.reason == UNSURE


def test_the_amount_of_each_request_is_its_own() -> None:
    fifty = Money(amount=Decimal(50), currency="USD")
    two = TWO.model_copy(update={"requests": (TWO.requests[0].model_copy(update={"amount": fifty}), TWO.requests[1])})
    first, again = decide(said(1, two), said(2, BLEMISH.model_copy(update={"remedy": "discount", "amount": fifty})))
    granted = first[1]
    assert isinstance(granted, RequestGranted)
    assert granted.amount is None
    assert again


def test_the_person_who_answers_is_told_what_was_heard_two_ways() -> None:
    doubt = Doubt(
        finding="amount", one="150 dollars", other="115 dollars", start=0, end=4, confidence=0.5, judged_by="r"
    )
    unsure = reading("unfounded_demand", remedy="discount", confidence=0.4, doubts=(doubt,))
    (facts,) = decide(said(1, unsure), sure_from=0.5)
    referred = facts[1]
    assert isinstance(referred, RequestReferred)
    assert "150 dollars" in referred.reason
    assert "115 dollars" in referred.reason
