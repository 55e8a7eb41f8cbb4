"""Approvals over a real database: delegations, inboxes, precedents, what follows a decision, and the report."""

import runpy
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

import services.approvals as package
from services.approvals import CHARTER, api
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.commands import Approve, DeadlinePassed
from services.approvals.domain.decider import make_decider
from services.approvals.domain.reactions import react
from services.approvals.domain.timers import due, timers
from services.approvals.tables import index
from shared.contracts.approvals import ExceptionApproved
from shared.contracts.approvals_after import BoundaryNoted, ExceptionLapsed, PrecedentsShown
from shared.contracts.approvals_delegations import DelegationRefused
from shared.contracts.triage import BoundaryStated, ExceptionProposed
from shared.contracts.values import Alternative, KnownFact, Money
from shared.eventstore.draft import Provenance
from shared.runtime.rules import Rules
from shared.runtime.shell import Job
from tests.support.backends import MakeServiceDatabase
from tests.support.exceptions import CLAUSE, request, usd
from tests.support.office import Office, open_office
from tests.support.recorded import recorded

pytestmark = pytest.mark.backends
POLICIES = Path(__file__).parents[2] / "policies"
USD_100 = {"amount": "100", "currency": "USD"}


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    authority = load_authority(POLICIES)
    rules = Rules(charter=CHARTER, decider=make_decider(authority), react=react, timers=timers, due=due, index=index)
    home = tmp_path_factory.mktemp("identity")
    async with open_office(service_database, home, package, rules, api.router, authority=authority) as opened:
        yield opened


async def proposal(office: Office, amount: Money | None = None, kind: str = "buyers_remorse", **facts: str) -> str:
    """Let triage propose an exception in a new case; give the path of the exception."""
    fact = ExceptionProposed(
        case_id=uuid4(),
        exception_id=uuid4(),
        request_id=uuid4(),
        kind=kind,
        clause=CLAUSE,
        deviation="full refund after 40 days",
        reason="loyal customer",
        proposed_by="ana",
        language="en",
        amount=amount,
        facts=tuple(KnownFact(name=name, value=value) for name, value in facts.items()),
    )
    await office.hear(recorded(fact, datetime.now(UTC)))
    return f"/cases/{fact.case_id}/exceptions/{fact.exception_id}"


async def approve(office: Office, path: str, user: str = "sue", **more: Any) -> Any:
    """Say yes and give the answer."""
    return await office.post(user, f"{path}/decision", decision="approve", note="fair", **more)


def today(days: int = 0) -> str:
    """Give a day from now on as it is written."""
    return str((datetime.now(UTC) + timedelta(days=days)).date())


async def delegated(office: Office, giver: str = "sue", **changes: Any) -> str:
    """Delegate the supervisor's role to ben around today; give the delegation's id."""
    body = {"delegate": "ben", "role": "supervisor", "first_day": today(-1), "last_day": today(3), "reason": "leave"}
    answer = await office.post(giver, "/delegations", **(body | changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["stream_id"])


async def ended(office: Office, delegation: str) -> None:
    """End a delegation, so that tests do not meet each other's."""
    assert (await office.post("sue", f"/delegations/{delegation}/end", reason="back")).status_code == 200


async def test_a_delegate_decides_within_what_was_delegated_until_it_ends(office: Office) -> None:
    path, other = await proposal(office, usd(40)), await proposal(office, usd(60))
    assert (await approve(office, path, "ben", on_behalf_of="sue")).status_code == 409
    delegation = await delegated(office, cap={"amount": "50", "currency": "USD"})
    assert (await approve(office, path, "ben", on_behalf_of="sue")).status_code == 200
    refused = await approve(office, other, "ben", on_behalf_of="sue")
    assert "above_cap" in refused.json()["fix"]
    [listed] = (await office.get("audra", path.rsplit("/", 1)[0])).json()
    assert listed["decision"]["decided_by"] == ["ben"]
    assert listed["decision"]["on_behalf_of"] == "sue"
    assert listed["decision"]["authority"]["delegation"] == delegation
    await ended(office, delegation)
    third = await proposal(office, usd(10))
    assert "no_delegation" in (await approve(office, third, "ben", on_behalf_of="sue")).json()["fix"]


async def test_what_was_delegated_is_not_passed_on_and_the_attempt_is_recorded(office: Office) -> None:
    delegation = await delegated(office)
    body = {"delegate": "ana", "role": "supervisor", "first_day": today(), "last_day": today(1), "reason": "busy"}
    answer = await office.post("ben", "/delegations", **body)
    assert answer.status_code == 409
    assert "role_not_held" in answer.json()["fix"]
    assert any(isinstance(fact, DelegationRefused) for fact in await office.facts())
    await ended(office, delegation)


async def test_a_delegate_sees_only_what_was_delegated(office: Office) -> None:
    mine, large = await proposal(office, usd(30), "technical_issue"), await proposal(office, usd(900))
    other = await proposal(office, usd(30), "perfectionist_standard")

    async def inbox(user: str) -> dict[str, dict[str, Any]]:
        listed = (await office.get(user, "/inbox", limit=200)).json()
        return {one["exception_id"]: one for one in listed}

    assert await inbox("ben") == {}
    delegation = await delegated(office, kinds=["technical_issue"])
    seen = await inbox("ben")
    assert [*seen] == [mine.split("/")[-1]]
    assert seen[mine.split("/")[-1]]["on_behalf_of"] == ["sue"]
    assert seen[mine.split("/")[-1]]["in_own_name"] is False
    own = await inbox("sue")
    assert {mine.split("/")[-1], other.split("/")[-1]} <= own.keys()
    assert large.split("/")[-1] not in own
    assert large.split("/")[-1] in await inbox("max")
    await ended(office, delegation)
    assert await inbox("ben") == {}


async def test_delegations_are_listed_to_their_people_and_to_those_who_oversee(office: Office) -> None:
    delegation = await delegated(office)

    async def listed(user: str) -> list[str]:
        return [one["delegation_id"] for one in (await office.get(user, "/delegations")).json()]

    assert delegation in await listed("sue")
    assert delegation in await listed("ben")
    assert delegation in await listed("audra")
    assert await listed("ana") == []
    [one] = [one for one in (await office.get("ben", "/delegations")).json() if one["delegation_id"] == delegation]
    assert (one["in_force"], one["source"], one["principal"]) == (True, "api", "sue")
    await ended(office, delegation)
    [one] = [one for one in (await office.get("ben", "/delegations")).json() if one["delegation_id"] == delegation]
    assert one["in_force"] is False


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_day": "2020-01-01"}, "last_day is before first_day"),
        ({"kinds": []}, "kinds"),
        ({"cap": {"amount": 1}}, "currency"),
        ({"principal": "max"}, "principal"),
    ],
)
async def test_a_delegation_that_cannot_be_read_names_the_field(
    office: Office, changes: dict[str, Any], field: str
) -> None:
    body = {"delegate": "ben", "role": "supervisor", "first_day": today(), "last_day": today(1), "reason": "leave"}
    answer = await office.post("sue", "/delegations", **(body | changes))
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


async def test_what_a_decider_was_shown_is_on_record(office: Office) -> None:
    before = await proposal(office, usd(80), "unfounded_demand", channel="email")
    await approve(office, before)
    path = await proposal(office, usd(100), "unfounded_demand", channel="email")
    shown = (await office.post("sue", f"{path}/precedents")).json()
    assert shown["shown_to"] == "sue"
    assert before.split("/")[-1] == shown["precedents"][0]["exception_id"]
    assert shown["precedents"][0]["similarity"] > 0.9
    await office.post("sue", f"{path}/precedents")
    case_id = UUID(path.split("/")[2])
    recorded_ = [fact for fact in await office.facts() if isinstance(fact, PrecedentsShown)]
    assert [fact.shown_to for fact in recorded_ if fact.case_id == case_id] == ["sue"]
    assert shown["precedents"][0]["deviation"]
    assert {one.deviation + one.note for fact in recorded_ for one in fact.precedents} == {""}
    await approve(office, path)
    decisions = {
        fact.case_id: fact.precedents_seen for fact in await office.facts() if isinstance(fact, ExceptionApproved)
    }
    assert decisions[case_id] is True
    assert decisions[UUID(before.split("/")[2])] is False


async def test_a_replaced_proposal_is_not_decided_but_the_new_one_is(office: Office) -> None:
    path = await proposal(office, usd(900))
    answer = await office.post("ana", f"{path}/supersede", reason="the price was lower", amount=USD_100)
    assert answer.status_code == 200, answer.text
    assert (await approve(office, path, "max")).status_code == 409
    old, new = (await office.get("ana", path.rsplit("/", 1)[0])).json()
    assert (old["state"], new["state"], new["required_role"]) == ("superseded", "requested", "supervisor")
    assert old["superseded_by"] == new["exception_id"]
    assert new["requested"]["supersedes"] == old["exception_id"]
    assert (await approve(office, f"{path.rsplit('/', 1)[0]}/{new['exception_id']}")).status_code == 200


async def test_an_offer_is_taken_once(office: Office) -> None:
    path = await proposal(office, usd(100))
    offer = {"decision": "counter", "offer": "a voucher", "reason": "middle way"}
    assert (await office.post("sue", f"{path}/decision", **offer)).status_code == 200
    said = {"accepted": True, "message_id": str(uuid4())}
    assert (await office.post("ana", f"{path}/counter-answer", **said)).status_code == 200
    assert "already_settled" in (await office.post("ana", f"{path}/counter-answer", **said)).json()["fix"]
    [one] = (await office.get("ana", path.rsplit("/", 1)[0])).json()
    assert (one["state"], one["after"]) == ("countered", "accepted")


async def test_an_approval_that_nobody_uses_lapses_by_the_ticker(office: Office) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    asked = replace(request(usd(10)), case_id=uuid4(), exception_id=uuid4(), now=long_ago)
    until = long_ago + timedelta(hours=1)
    said = Approve(asked.case_id, long_ago, "sue", ("supervisor",), asked.exception_id, "fair", None, (), None, until)
    for command in (asked, said):
        await office.shell.record(Job(command, Provenance("test", "test", uuid4())))
    await office.tick()
    assert asked.exception_id in [
        fact.exception_id for fact in await office.facts() if isinstance(fact, ExceptionLapsed)
    ]
    path = f"/cases/{asked.case_id}/exceptions/{asked.exception_id}"
    assert "already_settled" in (await office.post("ana", f"{path}/use", evidence="refund 2232")).json()["fix"]


async def test_what_was_carried_out_is_on_record_with_its_evidence(office: Office) -> None:
    path = await proposal(office, usd(100))
    assert "not_approved" in (await office.post("ana", f"{path}/use", evidence="refund 2231")).json()["fix"]
    assert (await approve(office, path, valid_until=f"{today(9)}T12:00:00Z")).status_code == 200
    assert (await office.post("ana", f"{path}/use", evidence="refund 2231")).status_code == 200
    [one] = (await office.get("ana", path.rsplit("/", 1)[0])).json()
    assert (one["state"], one["after"]) == ("approved", "used")
    assert "exception_validity" not in await office.timers()


async def test_who_stated_the_limit_in_person_does_not_decide(office: Office) -> None:
    case_id, request_id, exception_id = uuid4(), uuid4(), uuid4()
    stated = BoundaryStated(
        case_id=case_id,
        boundary_id=uuid4(),
        request_id=request_id,
        message_id=uuid4(),
        kind="buyers_remorse",
        limit="30 days",
        clause=CLAUSE,
        reason="so the clause says",
        alternatives=(Alternative(offer="a repair", benefit="it works again"),),
        appeal="answer appeal",
        language="en",
        text="We cannot.",
    )
    event = recorded(stated, datetime.now(UTC))
    await office.hear(event._replace(actor="sue"), event._replace(actor="system:triage"))
    assert [fact.stated_by for fact in await office.facts() if isinstance(fact, BoundaryNoted)] == ["sue"]
    proposed = ExceptionProposed(
        case_id=case_id,
        exception_id=exception_id,
        request_id=request_id,
        kind="buyers_remorse",
        clause=CLAUSE,
        deviation="full refund",
        reason="loyal customer",
        proposed_by="ana",
        language="en",
        amount=usd(10),
    )
    await office.hear(recorded(proposed, datetime.now(UTC)))
    path = f"/cases/{case_id}/exceptions/{exception_id}"
    assert "own_limit" in (await approve(office, path)).json()["fix"]
    assert (await approve(office, path, "max")).status_code == 200


async def test_like_cases_decided_differently_are_reported(office: Office) -> None:
    since = datetime.now(UTC)
    yes = await proposal(office, usd(100), "negative_review", tone="calm")
    no = await proposal(office, usd(120), "negative_review", tone="angry")
    await approve(office, yes)
    await office.post("sue", f"{no}/decision", decision="reject", reason="the period is over")
    report = (await office.get("audra", "/reports/consistency", since=since.isoformat())).json()
    [group] = [one for one in report["groups"] if one["kind"] == "negative_review"]
    assert group["outcomes"] == {"approved": 1, "rejected": 1}
    assert [one["decided_by"] for one in group["decisions"]] == [["sue"], ["sue"]]
    assert group["differs_in"]["amount"] == ["100 USD", "120 USD"]
    assert group["differs_in"]["tone"] == ["calm", "angry"]
    assert report["truncated"] is False
    assert (await office.get("ana", "/reports/consistency")).status_code == 403
    assert (await office.get("audra", "/reports/consistency", since="yesterday")).status_code == 422


async def test_a_log_from_before_the_index_fills_it_with_the_same_rows(office: Office) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    asked = replace(request(usd(10)), case_id=uuid4(), exception_id=uuid4(), now=long_ago)
    for command in (asked, DeadlinePassed(asked.case_id, long_ago + timedelta(days=10))):
        await office.shell.record(Job(command, Provenance("test", "test", uuid4())))
    for decision in ({"decision": "reject"}, {"decision": "counter", "offer": "a voucher"}):
        await office.post("sue", f"{await proposal(office, usd(10))}/decision", reason="the period is over", **decision)
    await office.post("ana", f"{await proposal(office)}/decision", decision="withdraw", reason="settled")
    migrations = Path(package.__path__[0]) / "migrations" / "versions"
    fill = runpy.run_path(str(migrations / "2026_11_24_create_index.py"))["FILL"]
    point = runpy.run_path(str(migrations / "2026_11_24_point_at_events.py"))["CHANGE"]
    known = "state IN ('requested', 'approved', 'rejected', 'countered', 'withdrawn', 'expired')"
    async with office.shell.database.transaction() as tx:
        kept = await tx.raw.fetch(f"SELECT * FROM public.exception_index WHERE {known} ORDER BY exception_id")
        await tx.raw.execute(
            "CREATE TEMP TABLE exception_index (LIKE public.exception_index INCLUDING ALL) ON COMMIT DROP;"
            "ALTER TABLE exception_index DROP COLUMN log_part, DROP COLUMN requested_position,"
            " DROP COLUMN decision_position, ADD COLUMN requested jsonb, ADD COLUMN decision jsonb"
        )
        await tx.raw.execute(fill)
        await tx.raw.execute(point)
        filled = await tx.raw.fetch(
            "SELECT f.* FROM exception_index f JOIN public.exception_index i USING (exception_id)"
            f" WHERE {known.replace('state', 'i.state')} ORDER BY exception_id"
        )
    assert [dict(row) for row in filled] == [dict(row) for row in kept]
    assert {row["state"] for row in kept} >= {"requested", "rejected", "countered", "withdrawn"}
    assert asked.exception_id in {row["exception_id"] for row in kept if row["required_role"] == "manager"}
