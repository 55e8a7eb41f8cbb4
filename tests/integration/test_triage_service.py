"""Triage over a real database: messages in, answers on record, corrections and proposals over HTTP."""

from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID, uuid4

import pytest

import services.triage as package
from services.triage import CHARTER, api
from services.triage.domain.policies.assessment import judge
from services.triage.domain.reactions import make_react
from shared.contracts.intake import MessageReceived
from shared.contracts.triage import (
    AssessmentCorrected,
    BoundaryStated,
    ExceptionProposed,
    RequestAssessed,
    RequestGranted,
    TriageAttemptRefused,
)
from shared.runtime.rules import Rules
from tests.support.backends import MakeServiceDatabase
from tests.support.office import Office, open_office
from tests.support.recorded import recorded
from tests.support.triage import TUESDAY, assessment_rules, decider, detect, shop_store

pytestmark = pytest.mark.backends
BLEMISH = "I bought this four months ago and it has a tiny scratch. I want a full refund of $129.99."


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    react = make_react(partial(judge, rules=assessment_rules(), detect=detect()))
    rules = Rules(charter=CHARTER, decider=decider(), react=react)
    home = tmp_path_factory.mktemp("identity")
    on_state = {"policies": shop_store(), "outline": assessment_rules().outline}
    async with open_office(service_database, home, package, rules, api.router, vault=None, **on_state) as opened:
        yield opened


def said(case_id: UUID, text: str) -> MessageReceived:
    """Give a customer's message in a case."""
    return MessageReceived(
        case_id=case_id,
        message_id=uuid4(),
        conversation_id=uuid4(),
        channel="chat",
        channel_message_id=str(uuid4()),
        customer_id=uuid4(),
        sender="bo",
        text=text,
        received_at=TUESDAY,
    )


async def hear(office: Office, case_id: UUID, text: str) -> UUID:
    """Let triage hear a message; give the message's id."""
    fact = said(case_id, text)
    await office.hear(recorded(fact, event_id=uuid4()))
    return fact.message_id


async def facts_of(office: Office, case_id: UUID) -> list[object]:
    """Give what is on record of a case, the oldest first."""
    return [fact for fact in await office.facts() if getattr(fact, "case_id", None) == case_id]


async def test_a_customers_words_become_a_boundary_on_record(office: Office) -> None:
    case_id = uuid4()
    fact = said(case_id, BLEMISH)
    event = recorded(fact, event_id=uuid4())
    await office.hear(event)
    await office.hear(event)
    assert [type(known) for known in await facts_of(office, case_id)] == [RequestAssessed, BoundaryStated]
    listed = (await office.get("audra", f"/cases/{case_id}/assessments")).json()
    assert listed[0]["reading"]["kinds"][0] == "perfectionist_standard"
    assert listed[0]["reading"]["amount"] == {"amount": "129.99", "currency": "USD"}
    assert not listed[0]["corrected"]


async def test_a_person_corrects_an_assessment_and_the_answer_follows(office: Office) -> None:
    case_id = uuid4()
    message_id = await hear(office, case_id, "Jane Doe")
    path = f"/cases/{case_id}/assessments/{message_id}/correction"
    body = {
        "kinds": ["product_or_service_failure"],
        "remedy": "repair",
        "days_since_purchase": 40,
        "reason": "said on the phone before",
    }
    answer = await office.post("ana", path, **body)
    assert answer.status_code == 200, answer.text
    types = [type(known) for known in await facts_of(office, case_id)]
    assert types == [RequestAssessed, AssessmentCorrected, RequestGranted]
    assert (await office.post("ana", path, **body)).json()["events"] == []


async def test_a_correction_outside_the_vocabulary_names_the_field_and_the_fix(office: Office) -> None:
    case_id = uuid4()
    message_id = await hear(office, case_id, BLEMISH)
    path = f"/cases/{case_id}/assessments/{message_id}/correction"
    answer = await office.post("ana", path, kinds=["grumpiness"], reason="x")
    assert answer.status_code == 422
    assert "kinds" in answer.text
    assert "buyers_remorse" in answer.text


async def test_an_agent_proposes_an_exception(office: Office) -> None:
    case_id = uuid4()
    await hear(office, case_id, BLEMISH)
    request_id = (await office.get("ana", f"/cases/{case_id}/assessments")).json()[0]["request_id"]
    body = {"request_id": request_id, "deviation": "half the price", "reason": "a good customer", "clause": "R-3"}
    answer = await office.post("ana", f"/cases/{case_id}/exceptions", **body)
    assert answer.status_code == 200, answer.text
    assert isinstance((await facts_of(office, case_id))[-1], ExceptionProposed)
    again = await office.post("ana", f"/cases/{case_id}/exceptions", **body)
    assert again.status_code == 409
    assert "already_proposed" in again.text
    assert isinstance((await facts_of(office, case_id))[-1], TriageAttemptRefused)
    unknown = await office.post("ana", f"/cases/{case_id}/exceptions", **{**body, "clause": "Z-9"})
    assert unknown.status_code == 404


async def test_the_policy_can_be_read_and_asked(office: Office) -> None:
    (policy,) = (await office.get("audra", "/policies")).json()
    assert (policy["id"], policy["version"]) == ("shop", "2026.2")
    question = {"kind": "perfectionist_standard", "remedy": "refund", "topics": ["minor_damage"]}
    ruling = (await office.post("audra", "/policies/evaluate", **question, days_since_purchase=121)).json()
    assert (ruling["outcome"], ruling["clause"]["clause"]) == ("refused", "R-3")
    assert ruling["trace"]["rule"] == "refund-for-a-blemish"
    assert (await office.post("audra", "/policies/evaluate", kind="grumpiness")).status_code == 422
    assert (await office.post("audra", "/policies/evaluate", kind="other", mood="bad")).status_code == 422


async def test_only_those_who_may_can_correct_or_propose(office: Office) -> None:
    path = f"/cases/{uuid4()}/exceptions"
    assert (await office.post("audra", path)).status_code == 403
    assert (await office.http.post(path)).status_code == 401
