"""Who may hold and erase a customer's data, what stands against it, and what an erased case still does."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from services.intake.domain.commands import EraseFromCase, FinishErasure, PassReviewDay
from services.intake.domain.decider import decide
from services.intake.domain.policies.retention import Keep, RetentionRules, duties
from services.intake.domain.state import IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import IntakeAttemptRefused, MessageUndelivered
from shared.contracts.intake_privacy import (
    CaseErased,
    CustomerErased,
    ErasureApproved,
    ErasureRequested,
    HoldPlaced,
    HoldReleased,
    PrivacyRefused,
)
from shared.kernel.errors import MalformedInput, NotFound
from shared.runtime.policy_files import parse_policy
from tests.support.intake import RULES
from tests.support.intakes import BOB, CASE, MONDAY, opened, received, reply, sent
from tests.support.privacy import (
    CUSTOMER,
    ERASURE,
    HOLD,
    RETENTION,
    YEAR,
    after,
    business,
    erase,
    hold,
    kept,
    release,
    told,
)


def refusal(facts: Sequence[Fact]) -> PrivacyRefused:
    [fact] = facts
    assert isinstance(fact, PrivacyRefused)
    return fact


def test_care_asks_and_the_officer_approves() -> None:
    [asked] = told(erase("sue", "supervisor"))
    assert isinstance(asked, ErasureRequested)
    assert (asked.requested_by, asked.erasure_id) == ("sue", ERASURE)
    [approved] = told(erase(mails=(HOLD,)), after(asked))
    assert isinstance(approved, ErasureApproved)
    assert (approved.approved_by, approved.cases, approved.mails) == ("pia", (CASE,), (HOLD,))


def test_the_officer_alone_can_ask_and_approve_at_once() -> None:
    assert [type(fact) for fact in told(erase())] == [ErasureRequested, ErasureApproved]


def test_an_agent_cannot_even_ask() -> None:
    assert refusal(told(erase("ana", "agent"))).reason_code == "not_your_role"


def test_a_hold_stands_against_it_and_says_until_when() -> None:
    [placed] = told(hold(until=date(2029, 11, 20)))
    assert isinstance(placed, HoldPlaced)
    refused = refusal(told(erase(), after(placed)))
    assert (refused.reason_code, refused.possible_on) == ("hold", date(2029, 11, 21))
    assert "damages" not in refused.reason


def test_a_hold_without_an_end_names_no_day() -> None:
    assert refusal(told(erase(), after(*told(hold())))).possible_on is None


def test_a_hold_whose_last_day_is_over_stands_against_nothing() -> None:
    placed = told(hold(until=MONDAY.date()))
    assert len(told(erase(now=MONDAY + timedelta(days=1)), after(*placed))) == 2


def test_only_somebody_else_releases_a_hold() -> None:
    state = after(*told(hold()))
    assert refusal(told(release("pia", "privacy"), state)).reason_code == "own_hold"
    [released] = told(release(), state)
    assert isinstance(released, HoldReleased)
    assert len(told(erase(), after(*told(hold()), released))) == 2
    assert told(release(), after(*told(hold()), released)) == []


def test_a_hold_that_never_was_cannot_be_released() -> None:
    with pytest.raises(NotFound, match="no such hold"):
        told(release())


def test_no_hold_can_be_placed_once_an_erasure_has_begun() -> None:
    assert refusal(told(hold(), after(*told(erase())))).reason_code == "erasure_began"


@pytest.mark.parametrize(("user", "role"), [("ana", "agent"), ("sue", "supervisor"), ("audra", "auditor")])
def test_who_may_not_hold_is_refused_on_record(user: str, role: str) -> None:
    assert refusal(told(hold(user, role))).reason_code == "not_your_role"


def test_an_open_case_stands_against_it() -> None:
    refused = refusal(told(erase(cases=(kept(), kept(closed=False)))))
    assert (refused.reason_code, refused.possible_on) == ("case_open", None)


def test_an_open_case_stands_against_nothing_where_the_policy_says_so() -> None:
    rules = RETENTION.model_copy(update={"open_cases": "erase"})
    assert len(told(erase(cases=(kept(closed=False),)), rules=rules)) == 2


def test_a_duty_to_keep_names_law_and_day() -> None:
    refused = refusal(told(erase(), rules=business(country="GB", product="banking")))
    assert refused.reason_code == "retention_duty"
    assert refused.law == "FCA Handbook, DISP 1.9.1R"
    assert refused.possible_on == date(2029, 11, 23)
    assert "3 years" in refused.reason


def test_it_is_possible_on_the_day_that_was_named() -> None:
    rules = business(country="GB", product="banking")
    day = MONDAY.replace(year=2029)
    assert len(told(erase(now=day), rules=rules)) == 2
    assert refusal(told(erase(now=day - timedelta(days=1)), rules=rules)).possible_on == day.date()


def test_commercial_letters_are_kept_from_the_end_of_the_year() -> None:
    refused = refusal(told(erase(cases=(kept(channels=("email",)),)), rules=business(country="DE")))
    assert refused.possible_on == date(2033, 1, 1)
    assert len(told(erase(), rules=business(country="DE"))) == 2


def test_the_longest_duty_is_named() -> None:
    threat = kept(regulated="legal_threat", last_at=MONDAY + YEAR)
    found = duties((kept(), threat), business(country="GB", product="banking"), RULES.calendar, MONDAY.date())
    assert [duty.schedule.id for duty in found][:1] == ["uk_legal_claims"]
    assert found[0].until == date(2033, 11, 23)


def test_the_shop_keeps_only_those_who_threaten_with_a_court() -> None:
    assert len(told(erase())) == 2
    refused = refusal(told(erase(cases=(kept(regulated="legal_threat"),))))
    assert refused.possible_on == date(2031, 11, 23)


def test_it_is_finished_once_and_only_after_the_approval() -> None:
    finish = FinishErasure(CUSTOMER, MONDAY, 1)
    assert told(finish) == []
    state = after(*told(erase()))
    [erased] = told(finish, state)
    assert isinstance(erased, CustomerErased)
    assert told(finish, after(*told(erase()), erased)) == []
    assert told(erase(), after(*told(erase()), erased)) == []


def test_a_case_says_it_once_and_gives_up_what_was_queued_for_them() -> None:
    command = EraseFromCase(CASE, MONDAY, CUSTOMER, ERASURE)
    facts = (opened(), received(), sent())
    given_up, erased = told(command, after(*facts))
    assert isinstance(given_up, MessageUndelivered)
    assert erased == CaseErased(case_id=CASE, customer_id=CUSTOMER, erasure_id=ERASURE, own=True)
    assert told(command, after(*facts, erased)) == []


def test_a_case_of_somebody_else_stays_theirs() -> None:
    command = EraseFromCase(CASE, MONDAY, BOB.customer_id, ERASURE)
    [erased] = told(command, after(opened(), received()))
    assert isinstance(erased, CaseErased)
    assert not erased.own


def test_nobody_is_told_anything_in_an_erased_case() -> None:
    state = after(opened(), received(), CaseErased(case_id=CASE, customer_id=CUSTOMER, erasure_id=ERASURE, own=True))
    [refused] = decide(reply(), state, RULES)
    assert isinstance(refused, IntakeAttemptRefused)
    assert refused.reason_code == "customer_erased"


def test_an_erased_customer_is_not_asked_anything_anew() -> None:
    state = after(*told(erase()), CustomerErased(customer_id=CUSTOMER, erasure_id=ERASURE, cases=1))
    assert decide(PassReviewDay(CUSTOMER, MONDAY), state, RULES) == []


def test_a_case_knows_when_its_first_and_last_message_came() -> None:
    later = received().model_copy(update={"received_at": MONDAY + YEAR})
    state = after(opened(), received(), later)
    assert (state.received_at, state.last_at) == (MONDAY, MONDAY + YEAR)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"keep": {"years": 1, "days": 3}}, "one of years, months and days"),
        ({"keep": {}}, "one of years, months and days"),
        ({"when": {"planet": ["mars"]}}, "Input should be"),
        ({"law": ""}, "at least 1 character"),
    ],
)
def test_a_wrong_schedule_is_named(wrong: dict[str, object], problem: str) -> None:
    good = RETENTION.schedules[0].model_dump(mode="json", exclude_defaults=True)
    written = {**RETENTION.model_dump(mode="json"), "schedules": [{**good, **wrong}]}
    with pytest.raises(MalformedInput, match=problem):
        parse_policy(str(written), "retention.yaml", RetentionRules)


def test_two_schedules_cannot_have_one_name() -> None:
    twice = {**RETENTION.model_dump(), "schedules": (RETENTION.schedules[0],) * 2}
    with pytest.raises(ValueError, match="uk_complaint_record is there twice"):
        RetentionRules.model_validate(twice)


def test_a_month_ends_with_its_last_day() -> None:
    assert Keep(months=1).after(date(2026, 1, 31)) == date(2026, 2, 28)
    assert Keep(years=1).after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert IntakeState().erased == frozenset()
