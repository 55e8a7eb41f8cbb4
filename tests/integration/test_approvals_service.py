"""Approvals over a real database: proposals in, decisions over HTTP, deadlines from the ticker."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import services.approvals as package
from services.approvals import CHARTER, api
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.decider import make_decider
from services.approvals.domain.reactions import react
from services.approvals.domain.timers import due, timers
from services.approvals.tables import index
from shared.contracts.approvals import (
    ApprovalGiven,
    ApprovalsAttemptRefused,
    ExceptionApproved,
    ExceptionEscalated,
    ExceptionRequested,
)
from shared.contracts.triage import ExceptionProposed
from shared.contracts.values import Money
from shared.eventstore.draft import Provenance
from shared.runtime.rules import Rules
from shared.runtime.shell import Job
from tests.support.backends import MakeServiceDatabase
from tests.support.exceptions import CLAUSE, request, usd
from tests.support.office import Office, open_office
from tests.support.recorded import recorded

pytestmark = pytest.mark.backends
POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    authority = load_authority(POLICIES)
    rules = Rules(charter=CHARTER, decider=make_decider(authority), react=react, timers=timers, due=due, index=index)
    home = tmp_path_factory.mktemp("identity")
    async with open_office(service_database, home, package, rules, api.router, authority=authority) as opened:
        yield opened


async def proposal(office: Office, amount: Money | None = None, proposed_by: str = "ana") -> str:
    """Let triage propose an exception in a new case; give the path to its decision."""
    case_id, exception_id = uuid4(), uuid4()
    fact = ExceptionProposed(
        case_id=case_id,
        exception_id=exception_id,
        request_id=uuid4(),
        kind="buyers_remorse",
        clause=CLAUSE,
        deviation="full refund after 40 days",
        reason="loyal customer",
        proposed_by=proposed_by,
        language="en",
        amount=amount,
    )
    await office.hear(recorded(fact, datetime.now(UTC)))
    return f"/cases/{case_id}/exceptions/{exception_id}/decision"


async def facts_of(office: Office, path: str) -> list[type]:
    """Give the classes of the facts recorded in the case of a path."""
    case_id = UUID(path.split("/")[2])
    return [type(fact) for fact in await office.facts() if fact.stream_id == case_id]


async def test_a_supervisor_approves_within_the_limit(office: Office) -> None:
    path = await proposal(office, usd(100))
    answer = await office.post("sue", path, decision="approve", note="fair", conditions=["the item comes back"])
    assert answer.status_code == 200, answer.text
    assert await facts_of(office, path) == [ExceptionRequested, ApprovalGiven, ExceptionApproved]
    listed = (await office.get("audra", path.rsplit("/", 2)[0])).json()
    assert [(one["state"], one["required_role"]) for one in listed] == [("approved", "supervisor")]
    assert listed[0]["decision"]["conditions"] == ["the item comes back"]
    assert listed[0]["decision"]["decided_by"] == ["sue"]


@pytest.mark.parametrize(
    ("user", "amount", "reason"),
    [("ana", 100, "own_proposal"), ("ben", 100, "no_authority"), ("sue", 300, "role_too_low")],
)
async def test_an_attempt_without_authority_is_answered_409_and_recorded(
    office: Office, user: str, amount: int, reason: str
) -> None:
    path = await proposal(office, usd(amount))
    answer = await office.post(user, path, decision="approve", note="please")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert reason in answer.json()["fix"]
    assert await facts_of(office, path) == [ExceptionRequested, ApprovalsAttemptRefused]
    in_case = [event for event in await office.events() if str(event.stream_id) in path]
    assert in_case[-1].actor == user


async def test_two_managers_agree_on_a_large_amount(office: Office) -> None:
    path = await proposal(office, usd(3000))
    assert (await office.post("max", path, decision="approve", note="fair")).status_code == 200
    assert await facts_of(office, path) == [ExceptionRequested, ApprovalGiven]
    assert (await office.post("max", path, decision="approve", note="fair")).status_code == 409
    assert (await office.post("mia", path, decision="approve", note="fair")).status_code == 200
    assert (await facts_of(office, path))[-1] is ExceptionApproved


async def test_the_same_command_id_decides_once(office: Office) -> None:
    path = await proposal(office, usd(100))
    body = {
        "decision": "counter",
        "offer": "a voucher",
        "reason": "middle way",
        "amount": {"amount": 40, "currency": "USD"},
    }
    headers = office.headers("sue") | {"Idempotency-Key": str(uuid4())}
    first = await office.http.post(path, json=body, headers=headers)
    again = await office.http.post(path, json=body, headers=headers)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()


async def test_the_proposer_withdraws(office: Office) -> None:
    path = await proposal(office)
    assert (await office.post("sue", path, decision="withdraw", reason="no")).status_code == 409
    assert (await office.post("ana", path, decision="withdraw", reason="settled")).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "decision"),
        ({"decision": "reject"}, "reason"),
        ({"decision": "reject", "reason": "  "}, "reason"),
        ({"decision": "approve", "note": "n", "actor": "max"}, "actor"),
        ({"decision": "approve", "note": "n", "amount": {"amount": -1, "currency": "USD"}}, "amount"),
    ],
)
async def test_a_decision_that_cannot_be_read_names_the_field(
    office: Office, body: dict[str, object], field: str
) -> None:
    answer = await office.post("sue", f"/cases/{uuid4()}/exceptions/{uuid4()}/decision", **body)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


async def test_an_unknown_exception_is_not_found(office: Office) -> None:
    path = f"/cases/{uuid4()}/exceptions/{uuid4()}/decision"
    answer = await office.post("sue", path, decision="reject", reason="no")
    assert answer.status_code == 404
    assert (await office.get("sue", path.rsplit("/", 2)[0])).json() == []


async def test_only_people_who_may_ask_are_answered(office: Office) -> None:
    path = await proposal(office)
    assert (await office.http.post(path, json={"decision": "reject", "reason": "no"})).status_code == 401
    assert (await office.post("audra", path, decision="reject", reason="no")).status_code == 403


async def test_a_missed_deadline_is_passed_on_by_the_ticker(office: Office) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    case_id = uuid4()
    command = replace(request(usd(10)), case_id=case_id, exception_id=uuid4(), now=long_ago)
    await office.shell.record(Job(command, Provenance("test", "test", uuid4())))
    assert await office.tick() == 1
    facts = [fact for fact in await office.facts() if fact.stream_id == case_id]
    assert [type(fact) for fact in facts] == [ExceptionRequested, ExceptionEscalated]
    assert await office.tick() == 0
    assert "exception_deadline" in await office.timers()


async def test_authority_is_explained(office: Office) -> None:
    answer = await office.get("ana", "/authority/explain", kind="buyers_remorse", amount="300", currency="USD")
    said = answer.json()
    assert said["required_role"] == "manager"
    assert "lowest role" in said["why"]
    assert [role["may_decide"] for role in said["roles"]] == [False, True]
    assert (await office.get("ana", "/authority/explain", kind="x", amount="3")).json()["field"] == "currency"
    assert (await office.get("audra", "/authority/matrix")).json()["roles"]["supervisor"]["level"] == 1
