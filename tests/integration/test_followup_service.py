"""Followup over a real database: other services heard, promises over HTTP, deadlines from the ticker."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import services.followup as package
from services.followup import CHARTER, api
from services.followup.adapters.pinning import pin_calendars
from services.followup.adapters.policy_files import load_cadence
from services.followup.domain.decider import make_decider
from services.followup.domain.reactions import react
from services.followup.domain.timers import due, timers
from services.followup.tables import index
from shared.contracts.event import Fact
from shared.contracts.followup import (
    CaseResolved,
    CaseTakenUp,
    CheckInAsked,
    CheckInScheduled,
    FollowupAttemptRefused,
    MatterNoted,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseRenegotiated,
)
from shared.contracts.followup_clocks import ClocksMoved
from shared.runtime.rules import Rules
from tests.support.backends import MakeServiceDatabase
from tests.support.followups import boundary, granted, opened
from tests.support.office import Office, open_office
from tests.support.recorded import recorded

pytestmark = pytest.mark.backends
POLICIES = Path(__file__).parents[2] / "policies"
TWO_MONTHS = timedelta(days=60)


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    followup = load_cadence(POLICIES)
    decider = make_decider(followup)
    rules = Rules(charter=CHARTER, decider=decider, react=react, timers=timers, due=due, index=index)
    home = tmp_path_factory.mktemp("identity")
    async with open_office(service_database, home, package, rules, api.router, clocks=followup.clocks) as made:
        await pin_calendars(made.shell, followup)
        yield made


async def heard(office: Office, *facts: Fact, ago: timedelta = timedelta(0)) -> UUID:
    """Let followup hear facts in a new case, recorded `ago`; give the case."""
    case_id, at = uuid4(), datetime.now(UTC) - ago
    for number, fact in enumerate(facts):
        of_case = fact.model_copy(update={"case_id": case_id})
        await office.hear(recorded(of_case, at + timedelta(milliseconds=number), number))
    return case_id


async def types(office: Office, case_id: UUID) -> list[type]:
    """Give the classes of the facts recorded in a case, without those on clocks."""
    return [
        type(fact) for fact in await office.facts() if fact.stream_id == case_id and not isinstance(fact, ClocksMoved)
    ]


async def test_a_granted_request_is_promised_kept_and_resolved(office: Office) -> None:
    case_id = await heard(office, granted("m1"), opened())  # triage is heard first
    seen = (await office.get("ana", f"/cases/{case_id}/promises")).json()
    [promise] = seen["promises"]
    assert promise["status"] == "made"
    assert promise["backing"] == {"kind": "clause", "reference": "shop/returns", "version": "1"}
    answer = await office.post(
        "ana", f"/cases/{case_id}/promises/{promise['promise_id']}/kept", evidence="parcel 4711 handed over"
    )
    assert answer.status_code == 200, answer.text
    assert await types(office, case_id) == [
        MatterNoted,
        CaseTakenUp,
        PromiseMade,
        PromiseKept,
        CaseResolved,
        CheckInScheduled,
    ]
    seen = (await office.get("audra", f"/cases/{case_id}/promises")).json()
    assert (seen["status"], seen["promises"][0]["status"]) == ("resolved", "kept")
    assert seen["check_in"]["status"] == "scheduled"


async def test_an_agent_promises_only_what_is_backed(office: Office) -> None:
    case_id = await heard(office, opened(), boundary("m1"))
    path = f"/cases/{case_id}/promises"
    refused = await office.post("ana", path, what="a car", backing={"kind": "clause", "reference": "shop/cars"})
    assert refused.status_code == 409
    assert "unbacked" in refused.json()["fix"]
    made = await office.post("ana", path, what="a repair", backing={"kind": "clause", "reference": "shop/returns"})
    assert made.status_code == 201
    assert (await types(office, case_id))[-2:] == [FollowupAttemptRefused, PromiseMade]
    [promise] = (await office.get("ana", path)).json()["promises"]
    about = f"{path}/{promise['promise_id']}"
    later = (datetime.now(UTC) + TWO_MONTHS).isoformat()
    assert (await office.post("ana", f"{about}/renegotiated", due=later, reason="away")).status_code == 200
    assert (await types(office, case_id))[-1] is PromiseRenegotiated
    assert (await office.post("ana", f"{about}/released", reason="not needed")).status_code == 200
    assert (await office.post("ana", f"{about}/kept", evidence="e")).status_code == 409


async def test_the_ticker_breaks_a_promise_and_lets_silence_settle_a_case(office: Office) -> None:
    late = await heard(office, opened(), granted("m1"), ago=TWO_MONTHS)
    silent = await heard(office, opened(), boundary("m1"), ago=TWO_MONTHS)
    while await office.tick():
        pass
    assert (await types(office, late))[-1] is PromiseBroken
    assert CaseResolved in await types(office, silent)
    assert CheckInAsked not in await types(office, silent)  # it is asked a working day later
    assert {"check_in", "close"} <= set(await office.timers())


async def test_a_person_resolves_a_case(office: Office) -> None:
    case_id = await heard(office, opened(), granted("m1"))
    path = f"/cases/{case_id}/resolution"
    assert (await office.post("ana", path, how="told by phone")).status_code == 409
    free = await heard(office, opened())
    assert (await office.post("ana", f"/cases/{free}/resolution", how="told by phone")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("promises", {"what": "x"}, 422),
        ("promises", {"what": "x", "backing": {"kind": "hope", "reference": "r"}}, 422),
        ("promises", {"what": "x", "backing": {"kind": "clause", "reference": "r"}, "due": "2026-01-01T00:00:00"}, 422),
        ("promises", {"what": "x", "backing": {"kind": "clause", "reference": "r"}}, 404),
        ("resolution", {"how": "x"}, 404),
        (f"promises/{uuid4()}/kept", {"evidence": "x"}, 404),
        (f"promises/{uuid4()}/kept", {"evidence": ""}, 422),
    ],
)
async def test_what_cannot_be_done_says_why(office: Office, path: str, body: dict[str, object], status: int) -> None:
    answer = await office.post("ana", f"/cases/{uuid4()}/{path}", **body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
