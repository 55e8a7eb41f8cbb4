"""A dispute over both services and the casebook: two parties heard apart, one decision, two notices, two views."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest

import services.approvals as approvals_package
from services.approvals import CHARTER as APPROVALS
from services.approvals import api as approvals_api
from services.approvals.adapters.hearings import Hearings
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.decider import make_decider
from services.approvals.domain.reactions import react
from services.approvals.domain.timers import due, timers
from services.approvals.tables import index
from services.casebook.projections.apply import apply
from services.casebook.queries import timeline
from services.casebook.queries.views import EventView
from shared.contracts.approvals import ApprovalsAttemptRefused
from shared.contracts.intake import CaseOpened, IntakeAttemptRefused, MessageSent
from shared.runtime.rules import Rules
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import Casebook, open_casebook
from tests.support.counter_of_care import answers, open_intake_office, write
from tests.support.intake import POLICIES
from tests.support.office import Office, open_office

pytestmark = pytest.mark.backends
MATTER = "The bicycle that one of you sold to the other in October."
GERMAN = "Ich habe das Fahrrad in gutem Zustand verkauft, die Bremse war in Ordnung, als es abgeholt wurde."
SOLD = "The brake of the bicycle that I bought from Berta is worn, and I want my money back."


class Offices(NamedTuple):
    """Intake and approvals as they ask each other, and a casebook that reads both."""

    intake: Office
    approvals: Office
    casebook: Casebook

    async def tell_intake(self) -> None:
        """Let intake hear what approvals recorded; what it knows already it passes over."""
        await self.intake.hear(*await self.approvals.events())

    async def seen_by(self, case_id: str, party: UUID) -> list[EventView]:
        """Give the timeline of a case as one party may see it."""
        async with self.casebook.database.engine.connect() as conn:
            return (await timeline.timeline_of_party(conn, UUID(case_id), party, None, 200)).items


@pytest.fixture(scope="module")
async def offices(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Offices]:
    home: Path = tmp_path_factory.mktemp("identity")
    authority = load_authority(POLICIES)
    rules: Rules[Any, Any] = Rules(
        charter=APPROVALS, decider=make_decider(authority), react=react, timers=timers, due=due, index=index
    )
    async with AsyncExitStack() as stack:
        intake = await stack.enter_async_context(open_intake_office(service_database, home))
        asks: Any = SimpleNamespace(intake_url="http://intake", token_file=intake.identity.token_file("approvals"))
        hearings = Hearings(asks, httpx.ASGITransport(intake.app))
        await stack.enter_async_context(hearings.opened())
        office = open_office(
            service_database, home, approvals_package, rules, approvals_api.router,
            authority=authority, hearings=hearings,
        )  # fmt: skip
        approvals = await stack.enter_async_context(office)
        yield Offices(intake, approvals, await stack.enter_async_context(open_casebook(service_database)))


async def customer_of(office: Office, taken: dict[str, Any]) -> UUID:
    cases = [f for f in await office.facts() if isinstance(f, CaseOpened) and str(f.case_id) == taken["case_id"]]
    return cases[0].customer_id


async def waits(office: Office, case_id: str) -> list[tuple[bool, bool, bool]]:
    """Say of the case's undecided disputes whether the other side is named, was heard, and it can be decided."""
    listed = (await office.get("max", "/disputes")).json()
    return [
        (one["respondent_id"] is not None, one["heard"], one["ready"]) for one in listed if one["case_id"] == case_id
    ]


async def decide(offices: Offices, user: str, case_id: str, **more: Any) -> httpx.Response:
    body = {"outcome": "partly_upheld", "reason": "The brake was worn when it was handed over.", **more}
    return await offices.approvals.post(user, f"/cases/{case_id}/dispute/decision", **body)


async def test_a_dispute_from_both_sides_to_two_notices(offices: Offices) -> None:
    intake = offices.intake
    first = await write(intake, "adam", 1, SOLD)
    elsewhere = await write(intake, "berta", 1, "Guten Tag, wo finde ich bitte meine Auszahlung vom letzten Monat?")
    adam, berta = await customer_of(intake, first), await customer_of(intake, elsewhere)
    case_id = first["case_id"]
    opened = await intake.post("ana", f"/cases/{case_id}/dispute", matter=MATTER)
    assert opened.status_code == 201, opened.text

    assert await waits(intake, case_id) == [(False, False, False)]
    alone = await decide(offices, "max", case_id)
    assert (alone.status_code, "no_respondent" in alone.json()["fix"]) == (409, True)
    joined = await intake.post("ana", f"/cases/{case_id}/dispute/parties", customer_id=str(berta))
    assert joined.status_code == 201, joined.text
    asked = (await answers(intake, "berta"))[-1]
    assert MATTER in asked["text"]
    assert "Bitte schildern Sie uns" in asked["text"]
    assert asked["tracking_code"] == first["tracking_code"]

    for user, reason in (("max", "not_heard"), ("sue", "role_too_low"), ("ana", "took_part")):
        early = await decide(offices, user, case_id)
        assert (early.status_code, reason in early.json()["fix"]) == (409, True), early.text
    assert await waits(intake, case_id) == [(True, False, False)]
    stated = await write(intake, "berta", 2, GERMAN)
    assert await waits(intake, case_id) == [(True, True, True)]
    assert stated["case_id"] == case_id
    standing = (await intake.get("audra", f"/cases/{case_id}/dispute")).json()
    assert [(party["side"], party["statements"]) for party in standing["parties"]] == [
        ("claimant", 0),
        ("respondent", 1),
    ]

    reply = await intake.post(
        "mia", f"/cases/{case_id}/replies", text="We have read this.", conversation_id=stated["conversation_id"]
    )
    assert reply.status_code == 201, reply.text
    assert (await intake.get("audra", f"/cases/{case_id}/dispute")).json()["involved"] == ["ana", "mia"]
    involved = await decide(offices, "mia", case_id)
    assert "took_part" in involved.json()["fix"]

    decided = await decide(
        offices, "max", case_id, to_claimant="You get 40 EUR back.", to_respondent="40 EUR are taken off your payout."
    )
    assert decided.status_code == 200, decided.text
    again = await decide(offices, "max", case_id)
    assert "already_decided" in again.json()["fix"]
    await offices.tell_intake()
    await offices.tell_intake()
    notices = [f for f in await intake.facts() if isinstance(f, MessageSent) and f.purpose == "dispute_decision"]
    assert {notice.customer_id for notice in notices} == {adam, berta}
    assert len(notices) == 2
    assert await waits(intake, case_id) == []
    texts = {notice.customer_id: notice.text for notice in notices}
    assert "You get 40 EUR back." in texts[adam]
    assert "payout" not in texts[adam]
    assert "40 EUR are taken off your payout." in texts[berta]
    assert "You get" not in texts[berta]
    assert "Was das für Sie bedeutet" in texts[berta]

    events = [*await intake.events(), *await offices.approvals.events()]
    async with offices.casebook.database.transaction() as tx:
        await apply(tx.raw, events)
    own = {"adam": SOLD[:30], "berta": GERMAN[:30]}
    for name, customer, other in (("adam", adam, "berta"), ("berta", berta, "adam")):
        seen = await offices.seen_by(case_id, customer)
        lines = " ".join(f"{event.what} {event.why} {event.caused_by}" for event in seen)
        assert own[name] in lines
        assert own[other] not in lines
        shared = [event.type for event in seen if event.type in timeline.SHARED]
        assert shared == [timeline.SHARED[0], timeline.SHARED[1]]
        types = {event.type for event in seen}
        assert not types & {IntakeAttemptRefused.TYPE, ApprovalsAttemptRefused.TYPE}
        told = [event for event in seen if event.type == MessageSent.TYPE and "dispute decision" in event.what]
        assert len(told) == 1

    decisions = (await offices.approvals.get("audra", f"/cases/{case_id}/dispute/decisions")).json()
    assert [(one["decided_by"], one["heard"]) for one in decisions] == [("max", True)]


async def test_somebody_known_by_nothing_but_a_mail_address_is_asked_by_mail(offices: Offices) -> None:
    intake = offices.intake
    taken = await write(intake, "carl", 1, "My neighbour dora@example.org keeps my parcel that you left with her.")
    path = f"/cases/{taken['case_id']}/dispute"
    assert (await intake.post("ana", path, matter="A parcel.")).status_code == 201
    nobody = await intake.post("ana", f"{path}/parties", email="nobody")
    both = await intake.post("ana", f"{path}/parties", email="dora@example.org", customer_id=str(uuid4()))
    assert (nobody.status_code, both.status_code) == (422, 422)
    unknown = await intake.post("ana", f"{path}/parties", customer_id=str(uuid4()))
    assert (unknown.status_code, unknown.json()["field"]) == (404, "customer_id")
    joined = await intake.post("ana", f"{path}/parties", email="dora@example.org", language="fr")
    assert joined.status_code == 201, joined.text
    [asked] = [f for f in await intake.facts() if isinstance(f, MessageSent) and f.recipient == "dora@example.org"]
    assert (asked.channel, asked.purpose) == ("email", "dispute_notice")
    assert "votre version" in asked.text
    assert "neighbour" not in asked.text + str(asked.subject)


async def test_only_who_may_acts_and_what_is_not_there_is_said(offices: Offices) -> None:
    intake = offices.intake
    taken = await write(intake, "emil", 1, "Another customer took my seat.")
    path = f"/cases/{taken['case_id']}/dispute"
    assert (await intake.post("audra", path, matter="A seat.")).status_code == 403
    assert (await intake.http.post(path, json={"matter": "A seat."})).status_code == 401
    assert (await intake.get("ana", path)).status_code == 404
    assert (await intake.post("ana", f"{path}/parties", email="fay@example.org")).status_code == 409
    assert (await intake.post("ana", f"/cases/{uuid4()}/dispute", matter="A seat.")).status_code == 404
    assert (await decide(offices, "max", taken["case_id"])).status_code == 404
    assert (await decide(offices, "max", taken["case_id"], outcome="maybe")).status_code == 422
    assert (await decide(offices, "audra", taken["case_id"])).status_code == 403


async def test_without_intake_nobody_decides(offices: Offices) -> None:
    def broken(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(500)

    silent: Any = SimpleNamespace(intake_url="http://intake", token_file=None)
    nowhere: Any = SimpleNamespace(intake_url=None, token_file=None)
    for hearings in (
        Hearings(silent, httpx.MockTransport(broken)),
        Hearings(nowhere),
    ):
        state, case_id = offices.approvals.app.state, uuid4()
        usual, state.hearings = state.hearings, hearings
        answer = await decide(offices, "max", str(case_id))
        state.hearings = usual
        assert (answer.status_code, answer.json()["title"]) == (503, "Another service does not answer")
        assert not [f for f in await offices.approvals.facts() if f.stream_id == case_id]
