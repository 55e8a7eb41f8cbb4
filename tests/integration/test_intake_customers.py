"""How customers and we go on, over HTTP on a real database: measures on conduct, and what helps the vulnerable."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.domain.commands import TakeMeasure, Terms, Told
from services.intake.domain.state import Conversation
from shared.contracts.intake import CaseOpened, IntakeAttemptRefused, MessageReceived
from shared.contracts.intake_conduct import ConductReviewDue
from shared.contracts.intake_vulnerability import CaseCameFirst
from shared.eventstore.draft import Provenance
from shared.runtime.clock import now
from shared.runtime.shell import Job
from tests.support.backends import MakeServiceDatabase
from tests.support.counter_of_care import answers, open_intake_office, write
from tests.support.office import Office

pytestmark = pytest.mark.backends
NEXT_SPRING = str((now() + timedelta(days=120)).date())
GERMAN = "Ich habe Ihnen jetzt zum neunten Mal geschrieben und warte immer noch auf eine Antwort von Ihnen."


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    async with open_intake_office(service_database, tmp_path_factory.mktemp("identity")) as opened:
        yield opened


def measure(taken: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {
        "measure": "warning",
        "category": "behaviour",
        "reason": "You insulted the person who wanted to help you.",
        "evidence": [taken["message_id"]],
        "review_on": NEXT_SPRING,
    }
    return body | more


async def customer_of(office: Office, case_id: str) -> UUID:
    [case] = [f for f in await office.facts() if isinstance(f, CaseOpened) and f.case_id == UUID(case_id)]
    return case.customer_id


async def standing(office: Office, customer_id: UUID) -> dict[str, Any]:
    answer = await office.get("audra", f"/customers/{customer_id}/standing")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_warning_is_told_in_the_customers_language_and_stands(office: Office) -> None:
    taken = await write(office, "wanda", 1, GERMAN)
    path = f"/cases/{taken['case_id']}/conduct-measures"
    answer = await office.post("sue", path, **measure(taken))
    assert answer.status_code == 201, answer.text
    notice = (await answers(office, "wanda"))[-1]
    assert "Der Grund: You insulted" in notice["text"]
    assert taken["tracking_code"] in notice["text"]
    [one] = (await standing(office, await customer_of(office, taken["case_id"])))["measures"]
    assert (one["measure"], one["taken_by"], one["role"], one["in_force"]) == ("warning", "sue", "supervisor", True)


async def test_whoever_may_not_is_refused_on_record_in_the_case(office: Office) -> None:
    taken = await write(office, "rita", 1, "Where is my parcel?")
    path = f"/cases/{taken['case_id']}/conduct-measures"
    restriction = measure(taken, measure="restricted_channel", open_channel="email", adjustments=["fixed times"])
    for user, body in (("ana", measure(taken)), ("sue", restriction)):
        answer = await office.post(user, path, **body)
        assert answer.status_code == 409
        assert "not_your_role" in answer.json()["fix"]
    refused = [e for e in await office.events() if str(e.stream_id) == taken["case_id"]][-2:]
    assert [event.actor for event in refused] == ["ana", "sue"]
    assert all(isinstance(event.fact, IntakeAttemptRefused) for event in refused)
    for user in ("audra", "door", "oli"):
        assert (await office.post(user, path, **measure(taken))).status_code == 403
    assert (await office.http.post(path, json=measure(taken))).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"evidence": [str(uuid4())]}, "evidence"),
        ({"evidence": []}, "evidence"),
        ({"reason": " "}, "reason"),
        ({"review_on": "soon"}, "review_on"),
        ({"customer_id": str(uuid4())}, "customer_id"),
        ({"by": "max"}, "by"),
    ],
)
async def test_what_cannot_be_read_names_the_field(office: Office, change: dict[str, Any], field: str) -> None:
    taken = await write(office, "nina", 1, "Where is my parcel?")
    answer = await office.post("max", f"/cases/{taken['case_id']}/conduct-measures", **measure(taken, **change))
    assert answer.status_code == 422
    assert field in (answer.json()["field"] or "") + answer.json()["detail"]


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    taken = await write(office, "nora", 1, "Where is my parcel?")
    customer_id = await customer_of(office, taken["case_id"])
    nowhere = f"/customers/{customer_id}/conduct-measures/{uuid4()}"
    assert (await office.post("max", f"/cases/{uuid4()}/conduct-measures", **measure(taken))).status_code == 404
    assert (await office.post("max", f"{nowhere}/lift", why="over")).status_code == 404
    unknown = await office.post("ana", f"/customers/{customer_id}/vulnerabilities/{uuid4()}/remove", why="over")
    assert unknown.status_code == 404


async def test_a_closed_channel_loses_nothing_and_opens_again_when_another_decides_the_appeal(office: Office) -> None:
    taken = await write(office, "rolf", 1, "You are all idiots and I will find you.")
    customer_id = await customer_of(office, taken["case_id"])
    body = measure(taken, measure="restricted_channel", open_channel="email", adjustments=["a named contact"])
    assert (await office.post("max", f"/cases/{taken['case_id']}/conduct-measures", **body)).status_code == 201
    [one] = (await standing(office, customer_id))["measures"]

    second = await write(office, "rolf", 2, "And another thing.")
    assert "e-mail" in (await answers(office, "rolf"))[-1]["text"]
    received = [f for f in await office.facts() if isinstance(f, MessageReceived) and f.customer_id == customer_id]
    assert [f.text for f in received] == ["You are all idiots and I will find you.", "And another thing."]

    path = f"/customers/{customer_id}/conduct-measures/{one['measure_id']}"
    assert (await office.post("ana", f"{path}/appeal", message_id=second["message_id"])).status_code == 200
    own = await office.post("max", f"{path}/review", outcome="kept", why="No.", review_on=NEXT_SPRING)
    assert (own.status_code, "own_measure" in own.json()["fix"]) == (409, True)
    decided = await office.post("mia", f"{path}/review", outcome="lifted", why="He apologised.")
    assert decided.status_code == 200, decided.text
    assert "as before" in (await answers(office, "rolf"))[-1]["text"]
    waiting = len(await answers(office, "rolf"))
    await write(office, "rolf", 3, "Thank you.")
    assert len(await answers(office, "rolf")) == waiting


async def test_the_review_falls_due_by_the_ticker(office: Office) -> None:
    taken = await write(office, "timo", 1, "You are all idiots.")
    case_id, customer_id = UUID(taken["case_id"]), await customer_of(office, taken["case_id"])
    long_ago = now() - timedelta(days=90)
    conversation = Conversation(UUID(taken["conversation_id"]), "chat", customer_id, "timo")
    command = TakeMeasure(
        customer_id, long_ago, case_id, "sue", ("supervisor",), uuid4(), "warning", "behaviour", "Insults.",
        (UUID(taken["message_id"]),), (), (now() - timedelta(days=2)).date(), Terms(),
        Told(conversation, "en", taken["tracking_code"], "You are all idiots."),
    )  # fmt: skip
    await office.shell.record(Job(command, Provenance("sue", "test", uuid4())))
    assert await office.tick() == 1
    assert len([f for f in await office.facts() if isinstance(f, ConductReviewDue)]) == 1
    [one] = (await standing(office, customer_id))["measures"]
    assert one["review_due"]
    assert await office.tick() == 0


async def test_what_helps_is_kept_with_consent_and_puts_the_next_case_first(office: Office) -> None:
    taken = await write(office, "vera", 1, "My husband died, and I do not know which forms I need.")
    customer_id = await customer_of(office, taken["case_id"])
    path = f"/cases/{taken['case_id']}/vulnerabilities"
    body = {
        "driver": "health",
        "support": "Write in large letters.",
        "source": "said_by_customer",
        "consent": False,
        "review_on": NEXT_SPRING,
    }
    refused = await office.post("ana", path, **body)
    assert (refused.status_code, "no_consent" in refused.json()["fix"]) == (409, True)
    assert (await office.post("audra", path, **body)).status_code == 403
    assert (await office.post("ana", path, **(body | {"consent": True}))).status_code == 201
    [need] = (await standing(office, customer_id))["vulnerabilities"]
    assert (need["driver"], need["noted_by"]) == ("health", "ana")

    later = await write(office, "vera", 2, "Another matter.", key="vera-2")
    first = [f.case_id for f in await office.facts() if isinstance(f, CaseCameFirst)]
    assert [str(case_id) for case_id in first] == [taken["case_id"], later["case_id"]]

    gone = await office.post("ana", f"/customers/{customer_id}/vulnerabilities/{need['need_id']}/remove", why="Asked.")
    assert gone.status_code == 200, gone.text
    await write(office, "vera", 3, "A third matter.", key="vera-3")
    assert len([f for f in await office.facts() if isinstance(f, CaseCameFirst)]) == 2
    for conversation in ("vera", "vera-2", "vera-3"):
        for letter in await answers(office, conversation):
            assert "large letters" not in letter["text"]
            assert "health" not in letter["text"]
