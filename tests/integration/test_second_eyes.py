"""A lawyer is named: triage says so, intake keeps the agent's reply, triage checks it, and a supervisor releases it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

import services.intake as intake_package
import services.triage as triage_package
from services.intake import CHARTER as INTAKE
from services.intake import api as intake_api
from services.intake.adapters.reply_checker import ReplyChecker
from services.intake.domain.commands import Command, ReceiveMessage
from services.intake.domain.decider import make_decider as make_intake
from services.intake.domain.reactions import react as intake_reacts
from services.intake.settings import IntakeSettings
from services.intake.tables import index
from services.triage import CHARTER as TRIAGE
from services.triage import api as triage_api
from services.triage.adapters.pack_files import read_pack_files
from services.triage.adapters.policy_store import PolicyStore
from services.triage.adapters.reply_check_files import load_regulated
from services.triage.domain.decider import make_decider as make_triage
from services.triage.domain.policies.assessment import judge
from services.triage.domain.reactions import make_react
from shared.contracts.event import CaseFact
from shared.contracts.intake import MessageReceived, MessageSent
from shared.contracts.intake_drafts import RegulationNoted, ReplyDrafted
from shared.contracts.triage import BoundaryStated, RequestAssessed
from shared.eventstore.draft import Provenance
from shared.runtime.rules import Rules
from shared.runtime.shell import Job
from tests.support.backends import MakeServiceDatabase
from tests.support.intake import RULES
from tests.support.intakes import ADA, CODE, MONDAY, said
from tests.support.office import Office, open_office
from tests.support.recorded import recorded
from tests.support.replies import checker
from tests.support.triage import POLICIES, assessment_rules, detect, published, triage_rules

pytestmark = pytest.mark.backends
THREAT = "I bought this four months ago, it has a tiny scratch. I want a full refund, or my lawyer will call you."
LAW = "I bought this four months ago and it has a tiny scratch. I want a full refund. I know the data protection law."
F = TypeVar("F", bound=CaseFact)
BY = Provenance("test", "test", uuid4())


@pytest.fixture(scope="module")
async def triage(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    react = make_react(partial(judge, rules=assessment_rules(), detect=detect()))
    decider = make_triage(replace(triage_rules(), regulated=load_regulated(POLICIES).category))
    rules = Rules(charter=TRIAGE, decider=decider, react=react)
    on_state = {"policies": with_law(), "outline": assessment_rules().outline, "checker": checker()}
    home = tmp_path_factory.mktemp("triage")
    async with open_office(
        service_database, home, triage_package, rules, triage_api.router, vault=None, **on_state
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
async def intake(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory, triage: Office
) -> AsyncIterator[Office]:
    home = tmp_path_factory.mktemp("intake")
    token = triage.identity.token_file("intake")
    settings = IntakeSettings(
        database_url=SecretStr("x"), token_public_key_file=token, token_file=token, triage_url="http://office"
    )
    rules: Rules[Any, Any] = Rules(charter=INTAKE, decider=make_intake(RULES), react=intake_reacts, index=index)
    asks = ReplyChecker(settings, httpx.ASGITransport(triage.app))
    async with open_office(
        service_database, home, intake_package, rules, intake_api.router, reply_checker=asks, intake_rules=RULES
    ) as opened:
        yield opened


async def heard_of(intake: Office, triage: Office, text: str) -> UUID:
    """Let a customer write; give the case."""
    case_id, message_id = uuid4(), uuid4()
    conversation = uuid4()
    words = replace(said(message_id, text=text), conversation_id=conversation, channel_message_id=str(message_id))
    customer = replace(ADA, customer_id=uuid4(), address=f"{case_id}@example.com", new=True)
    words = replace(words, customer=customer)
    command: Command = ReceiveMessage(case_id, MONDAY, f"{CODE[:-4]}{str(case_id)[:4].upper()}", words)
    heard = await intake.shell.record(Job(command, BY))
    [(received, message)] = [(e, fact) for e in heard if isinstance(fact := e.fact, MessageReceived)]
    await triage.hear(recorded(message, position=1, event_id=received.event_id))
    for position, event in enumerate(await triage.events(), 1):
        fact = event.fact
        if isinstance(fact, RequestAssessed | BoundaryStated) and fact.case_id == case_id:
            await intake.hear(recorded(fact, position=position, event_id=event.event_id))
    return case_id


def with_law() -> PolicyStore:
    """Give the shop's policy, and a law beside it."""
    store = PolicyStore("shop")
    for name in ("shop", "eu_dsa"):
        store.take(published(read_pack_files(POLICIES / name), effective_from=MONDAY - timedelta(days=3650)), 1)
    return store


async def of(office: Office, case_id: UUID, kind: type[F]) -> list[F]:
    return [fact for fact in await office.facts() if isinstance(fact, kind) and fact.case_id == case_id]


async def test_a_reply_waits_is_checked_and_leaves_when_a_second_person_releases_it(
    intake: Office, triage: Office
) -> None:
    case_id = await heard_of(intake, triage, THREAT)
    [noted] = await of(intake, case_id, RegulationNoted)
    assert noted.category == "legal_threat"

    bad = "You should have read the terms. We will refund you $900 within one day."
    made = await intake.post("ana", f"/cases/{case_id}/replies", text=bad)
    assert [event["type"] for event in made.json()["events"]] == ["intake.reply_drafted.v1"], made.text
    [*_, draft] = (await intake.get("sue", f"/cases/{case_id}/drafts")).json()
    assert (draft["drafted_by"], draft["became"], draft["checked"]) == ("ana", "waiting", True)
    assert draft["draft_id"] in [one["draft_id"] for one in (await intake.get("sue", "/drafts")).json()]
    assert {one["rule"] for one in draft["findings"] if one["severity"] == "error"} >= {"no_blame", "promise_backed"}

    release = f"/cases/{case_id}/drafts/{draft['draft_id']}/release"
    assert (await intake.post("ana", release)).status_code == 409
    refused = await intake.post("sue", release)
    assert (refused.status_code, "note" in refused.json()["detail"]) == (409, True)
    back = f"/cases/{case_id}/drafts/{draft['draft_id']}/return"
    assert (await intake.post("sue", back, reason="Take out the blame.")).status_code == 200
    assert draft["draft_id"] not in [one["draft_id"] for one in (await intake.get("sue", "/drafts")).json()]
    assert bad not in [sent.text for sent in await of(intake, case_id, MessageSent)]

    good = "Thank you for your patience. We look at the photographs today."
    await intake.post("ana", f"/cases/{case_id}/replies", text=good)
    [*_, second] = (await intake.get("sue", f"/cases/{case_id}/drafts")).json()
    assert second["findings"] == []
    assert (await intake.post("sue", f"/cases/{case_id}/drafts/{second['draft_id']}/release")).status_code == 200
    assert [sent.text for sent in await of(intake, case_id, MessageSent)][-1] == good


async def test_the_rules_own_boundary_waits_too(intake: Office, triage: Office) -> None:
    case_id = await heard_of(intake, triage, LAW)
    [stated] = await of(triage, case_id, BoundaryStated)
    [drafted] = await of(intake, case_id, ReplyDrafted)
    assert (drafted.text, drafted.drafted_by) == (stated.text, "rules")
    assert stated.text not in [sent.text for sent in await of(intake, case_id, MessageSent)]


async def test_a_draft_is_checked_against_its_case(intake: Office, triage: Office) -> None:
    case_id = await heard_of(intake, triage, LAW)
    [stated] = await of(triage, case_id, BoundaryStated)
    own = await triage.post("ana", "/replies/check", text=stated.text, channel="chat", case_id=str(case_id))
    assert (own.status_code, own.json()["findings"]) == (200, []), own.text
    promised = await triage.post(
        "ana", "/replies/check", text="We will refund the full price.", channel="chat", case_id=str(case_id)
    )
    assert promised.json()["errors"] == 1
    backing = {"reference": "E-1", "what": "a full refund after the return period"}
    backed = await triage.post(
        "ana",
        "/replies/check",
        text="We will refund the full price.",
        channel="chat",
        case_id=str(case_id),
        backings=[backing],
    )
    assert backed.json()["errors"] == 0


async def test_a_statement_of_reasons_is_checked_by_its_law_and_waits_in_every_case(
    intake: Office, triage: Office
) -> None:
    case_id = await heard_of(intake, triage, "Where is my parcel?")
    assert await of(intake, case_id, RegulationNoted) == []
    text = "Thank you for asking. We have removed your review."
    made = await intake.post("ana", f"/cases/{case_id}/replies", text=text, kind="statement_of_reasons")
    assert [event["type"] for event in made.json()["events"]] == ["intake.reply_drafted.v1"], made.text
    [*_, draft] = (await intake.get("sue", f"/cases/{case_id}/drafts")).json()
    assert (draft["category"], draft["checked"]) == ("statement_of_reasons", True)
    assert any("automated" in one["problem"] for one in draft["findings"])
    unknown = await intake.post("ana", f"/cases/{case_id}/replies", text=text, kind="poem")
    assert (unknown.status_code, unknown.json()["field"]) == (422, "kind")


async def test_what_cannot_be_checked_is_said(triage: Office) -> None:
    unknown = await triage.post("ana", "/replies/check", text="Hello.", case_id=str(uuid4()))
    assert (unknown.status_code, unknown.json()["field"]) == (404, "case_id")
    nowhere = await triage.post("ana", "/replies/check", text="Hello.", policies=["nowhere"])
    assert nowhere.status_code == 404
    assert (await triage.post("ana", "/replies/check", text="")).status_code == 422
    assert (await triage.post("audra", "/replies/check", text="Hello.")).status_code == 403
