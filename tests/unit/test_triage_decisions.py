"""What follows from a reading, by the shipped policy: boundaries, grants, proposals, referrals."""

from datetime import UTC, datetime

from services.triage.domain.commands import Correction
from services.triage.domain.decider import APPEALED
from services.triage.domain.policies.answering import ASKED_AGAIN
from shared.contracts.triage import (
    AssessmentCorrected,
    BoundaryStated,
    ExceptionProposed,
    RequestAssessed,
    RequestGranted,
    RequestReferred,
)
from tests.support.scenario import Scenario
from tests.support.triage import (
    APPEAL,
    BLEMISH,
    DEFECT,
    GOODWILL,
    QUESTION,
    THANKS,
    assess,
    assessed,
    correct,
    decider,
    message,
    past,
    propose,
    reading,
    request_of,
    shop,
    usd,
)

scenario = Scenario(decider())


def test_a_message_that_asks_nothing_is_only_assessed() -> None:
    scenario.given().when(assess(1, THANKS)).then(assessed(1, THANKS, asks=False))


def test_a_redelivered_message_teaches_nothing() -> None:
    scenario.given(*past(assess(1, BLEMISH))).when(assess(1, DEFECT)).then()


def test_a_demand_beyond_policy_is_answered_by_a_boundary() -> None:
    led_to = scenario.given().when(assess(1, BLEMISH)).then_types(RequestAssessed, BoundaryStated)
    boundary = led_to.facts[1]
    assert isinstance(boundary, BoundaryStated)
    assert (boundary.kind, boundary.clause.clause, boundary.rule) == (
        "perfectionist_standard",
        "R-3",
        "refund-for-a-blemish",
    )
    assert boundary.request_id == request_of(1)
    assert boundary.text.startswith("Thank you for telling us.")
    for said in (boundary.limit, boundary.reason, boundary.alternatives[0].offer, boundary.appeal):
        assert said in boundary.text


def test_asking_again_proposes_an_exception_once() -> None:
    twice = past(assess(1, BLEMISH), assess(2, BLEMISH))
    assert [type(fact) for fact in twice[2:]] == [RequestAssessed, ExceptionProposed]
    proposal = twice[3]
    assert isinstance(proposal, ExceptionProposed)
    assert (proposal.proposed_by, proposal.reason, proposal.amount) == ("rules", ASKED_AGAIN, usd("129.99"))
    assert proposal.deviation == "a full refund for minor cosmetic damage after the return period"
    scenario.given(*twice).when(assess(3, BLEMISH)).then(assessed(3, BLEMISH))


def test_appealing_proposes_an_exception_from_the_clause_of_the_boundary() -> None:
    stated = past(assess(1, BLEMISH))
    led_to = scenario.given(*stated).when(assess(2, reading(appeals=True)))
    led_to.then_types(RequestAssessed, ExceptionProposed)
    proposal = led_to.facts[1]
    assert isinstance(proposal, ExceptionProposed)
    assert (proposal.request_id, proposal.clause.clause, proposal.reason) == (request_of(1), "R-3", APPEALED)
    assert proposal.amount == usd("129.99")


def test_an_appeal_that_asks_for_a_supervisor_gets_both() -> None:
    led_to = scenario.given(*past(assess(1, BLEMISH))).when(assess(2, APPEAL))
    led_to.then_types(RequestAssessed, RequestGranted, ExceptionProposed)


def test_an_appeal_after_an_exception_was_proposed_proposes_none() -> None:
    known = past(assess(1, BLEMISH), assess(2, BLEMISH))
    scenario.given(*known).when(assess(3, reading(appeals=True))).then(assessed(3, reading(appeals=True)))


def test_without_a_boundary_there_is_nothing_to_appeal_against() -> None:
    scenario.given().when(assess(1, reading(appeals=True))).then(assessed(1, reading(appeals=True), asks=False))


def test_what_policy_allows_is_granted_once_for_each_remedy() -> None:
    led_to = scenario.given().when(assess(1, DEFECT)).then_types(RequestAssessed, RequestGranted)
    grant = led_to.facts[1]
    assert isinstance(grant, RequestGranted)
    assert (grant.clause.clause, grant.working_days, grant.amount) == ("W-1", 5, None)
    assert "within 5 working days" in grant.text
    scenario.given(*past(assess(1, DEFECT))).when(assess(2, DEFECT)).then(assessed(2, DEFECT))


def test_goodwill_within_the_clause_is_granted_with_its_amount() -> None:
    small = GOODWILL.model_copy(update={"amount": usd(20)})
    grant = past(assess(1, small))[1]
    assert isinstance(grant, RequestGranted)
    assert (grant.clause.clause, grant.amount) == ("G-1", usd(20))


def test_goodwill_beyond_the_clause_is_proposed() -> None:
    proposal = past(assess(1, GOODWILL))[1]
    assert isinstance(proposal, ExceptionProposed)
    assert (proposal.clause.clause, proposal.amount, proposal.proposed_by) == ("G-2", usd(80), "rules")


def test_what_no_clause_settles_goes_to_a_person_once() -> None:
    referral = past(assess(1, QUESTION))[1]
    assert isinstance(referral, RequestReferred)
    assert referral.answer_due == datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
    scenario.given(*past(assess(1, QUESTION))).when(assess(2, QUESTION)).then(assessed(2, QUESTION))


def test_danger_goes_to_a_person_whatever_is_asked() -> None:
    burning = BLEMISH.model_copy(update={"emergency": True, "urgency": "critical"})
    referral = past(assess(1, burning))[1]
    assert isinstance(referral, RequestReferred)
    assert referral.rule == "danger"


def test_the_answer_is_in_the_customers_language() -> None:
    spanish = BLEMISH.model_copy(update={"language": "es"})
    boundary = past(assess(1, spanish))[1]
    assert isinstance(boundary, BoundaryStated)
    assert boundary.language == "es"
    assert boundary.text.startswith("Gracias por contárnoslo.")


def test_words_too_few_to_tell_are_answered_in_the_language_used_before() -> None:
    german = THANKS.model_copy(update={"language": "de"})
    boundary = past(assess(1, german), assess(2, BLEMISH.model_copy(update={"language": "und"})))[2]
    assert isinstance(boundary, BoundaryStated)
    assert boundary.language == "de"


def test_a_language_without_replies_is_answered_in_english() -> None:
    boundary = past(assess(1, BLEMISH.model_copy(update={"language": "pl"})))[1]
    assert isinstance(boundary, BoundaryStated)
    assert boundary.language == "en"


def test_a_correction_is_recorded_and_its_answer_follows() -> None:
    known = past(assess(1, QUESTION))
    change = Correction(kinds=("product_or_service_failure",), remedy="repair", days_since_purchase=40)
    led_to = scenario.given(*known).when(correct(1, change)).then_types(AssessmentCorrected, RequestGranted)
    corrected = led_to.facts[0]
    assert isinstance(corrected, AssessmentCorrected)
    assert corrected.before == QUESTION
    assert (corrected.reading.judged_by, corrected.reading.confidence) == ("person/ana", 1.0)
    assert corrected.request_id == request_of(1)


def test_a_correction_that_leads_to_the_same_refusal_is_no_second_request() -> None:
    led_to = scenario.given(*past(assess(1, BLEMISH))).when(correct(1, Correction(tone="angry")))
    led_to.then_types(AssessmentCorrected)


def test_a_correction_may_find_a_demand_or_an_appeal_where_none_was_read() -> None:
    demand = Correction(kinds=("buyers_remorse",), remedy="refund", days_since_purchase=90)
    led_to = scenario.given(*past(assess(1, THANKS))).when(correct(1, demand))
    led_to.then_types(AssessmentCorrected, BoundaryStated)
    known = past(assess(1, BLEMISH), assess(2, THANKS))
    scenario.given(*known).when(correct(2, Correction(appeals=True))).then_types(AssessmentCorrected, ExceptionProposed)


def test_a_correction_that_changes_nothing_is_no_fact() -> None:
    scenario.given(*past(assess(1, BLEMISH))).when(correct(1, Correction(remedy="refund"))).then()


def test_a_message_that_was_not_assessed_cannot_be_corrected() -> None:
    scenario.given().when(correct(1, Correction(tone="angry"))).then_refused("no_assessment")


def test_an_agent_proposes_an_exception_from_the_clause_of_the_boundary() -> None:
    led_to = scenario.given(*past(assess(1, BLEMISH))).when(propose(request_of(1))).then_types(ExceptionProposed)
    proposal = led_to.facts[0]
    assert isinstance(proposal, ExceptionProposed)
    assert (proposal.proposed_by, proposal.clause.clause, proposal.amount) == ("ana", "R-3", usd(60))


def test_an_exception_needs_a_request() -> None:
    scenario.given(*past(assess(1, THANKS))).when(propose(message(1))).then_refused("no_request")


def test_an_exception_needs_a_clause() -> None:
    scenario.given(*past(assess(1, DEFECT))).when(propose(request_of(1))).then_refused("no_clause")
    named = propose(request_of(1), shop().quote("W-3", "en"))
    scenario.given(*past(assess(1, DEFECT))).when(named).then_types(ExceptionProposed)


def test_the_same_exception_is_not_proposed_twice() -> None:
    known = past(assess(1, BLEMISH), propose(request_of(1)))
    scenario.given(*known).when(propose(request_of(1))).then_refused("already_proposed")
    scenario.given(*known).when(propose(request_of(1), deviation="a tenth")).then_types(ExceptionProposed)
