"""Policies over a real database: seeded once, published over HTTP, learnt by every process, kept over a restart."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import services.triage as package
from services.triage import CHARTER, api
from services.triage.adapters.pack_files import read_pack_files
from services.triage.adapters.policy_log import PolicyLog, no_reactions
from services.triage.adapters.policy_store import PolicyStore
from services.triage.domain.policies.lookups import LookedUp
from services.triage.domain.policies.publishing import make_publishing
from services.triage.domain.policies.rulebook import Outline
from shared.contracts.triage_policy import PolicyPublicationRefused, PolicyPublished
from shared.runtime.policy_files import read_policy
from shared.runtime.rules import Rules
from tests.support.backends import MakeServiceDatabase
from tests.support.office import Office, open_office
from tests.support.replies import checker
from tests.support.triage import POLICIES

pytestmark = pytest.mark.backends
PARCELS = Path(__file__).parents[1] / "unit" / "packs" / "parcels"
ASKED: dict[str, Any] = {
    "policy": "parcels",
    "action": "refund_postage",
    "arguments": {"parcel_id": "A1", "reason": "late"},
    "records": {"parcel": {"promised_at": "2026-11-20T12:00:00", "delivered_at": "2026-11-21T12:00:00"}},
    "now": "2026-11-24T15:00:00-05:00",
}

LIMIT = "We cannot refund the postage of a parcel that was not late."


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    rules = Rules(charter=CHARTER, decider=make_publishing(), react=no_reactions)
    home = tmp_path_factory.mktemp("identity")
    outline = read_policy(POLICIES / "assessment" / "outline.yaml", Outline)
    on_state = {"outline": outline, "checker": checker()}
    async with open_office(service_database, home, package, rules, api.router, vault=None, **on_state) as opened:
        log = PolicyLog(opened.shell, PolicyStore("shop"))
        opened.app.state.policies = log.policies
        opened.app.state.policy_log = log
        await log.seed(POLICIES)
        await log.refresh()
        yield opened


def parcels(**changes: str) -> dict[str, str]:
    """Give the files of the parcel pack, with some words changed: a file's name → "old → new"."""
    files = dict(read_pack_files(PARCELS).files)
    for path, change in changes.items():
        old, new = change.split(" → ")
        name = {"pack": "pack.yaml", "clauses": "clauses.yaml"}[path]
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    return files


async def publish(office: Office, files: dict[str, str], user: str = "mia", **more: Any) -> Any:
    return await office.post(user, "/policies/parcels/versions", files=files, **more)


async def another_process(office: Office) -> PolicyStore:
    """Give what a process that starts now knows, from the log alone."""
    log = PolicyLog(office.shell, PolicyStore("shop"))
    await log.refresh()
    return log.policies


async def test_the_shipped_packs_are_published_once_in_the_systems_name(office: Office) -> None:
    log: PolicyLog = office.app.state.policy_log
    before = [event for event in await office.events() if isinstance(event.fact, PolicyPublished)]
    assert {event.actor for event in before} == {"system:triage"}
    await PolicyLog(office.shell, PolicyStore("shop")).seed(POLICIES)
    assert len([e for e in await office.events() if isinstance(e.fact, PolicyPublished)]) == len(before)
    listed = (await office.get("audra", "/policies")).json()
    assert listed[0]["id"] == "shop"
    assert {"airline", "retail", "fca_disp", "gdpr"} < set(log.policies.registry.policies)
    assert log.policies.in_force(office.shell.now()).ref.policy == "shop"


async def test_a_restart_brings_back_what_was_published_and_not_what_lies_on_disk(
    office: Office, tmp_path: Path
) -> None:
    home = tmp_path / "shop"
    home.mkdir()
    for path, text in read_pack_files(POLICIES / "shop").files.items():
        (home / path).parent.mkdir(exist_ok=True)
        (home / path).write_text(text.replace("Within 30 days of receiving", "Within 3 days of receiving"), "utf-8")
    log = PolicyLog(office.shell, PolicyStore("shop"))
    await log.refresh()
    await log.seed(tmp_path)
    await log.refresh()
    assert log.policies.pack_in_force("shop", office.shell.now()).quote("R-1", "en").text.startswith("Within 30 days")


async def test_a_pack_that_blames_the_customer_is_not_published(office: Office) -> None:
    refused = await publish(office, parcels(clauses=f"{LIMIT} → You should have read it. {LIMIT}"))
    assert (refused.status_code, "blame" in refused.text) == (422, True), refused.text


async def test_a_version_is_published_by_a_manager_answers_and_is_known_to_every_process(office: Office) -> None:
    assert (await publish(office, parcels(), user="ana")).status_code == 403
    first = await publish(office, parcels(), note="the first")
    assert first.status_code == 200, first.text
    assert len(first.json()["events"]) == 1
    assert (await publish(office, parcels())).json()["events"] == []
    answer = await office.post("ana", "/policies/evaluate", **ASKED)
    assert (answer.json()["outcome"], answer.json()["trace"][-1]["rule"]) == ("discretionary", "goodwill")
    assert (await another_process(office)).registry.get("parcels", "1").published_by == "mia"


async def test_a_later_version_is_in_force_from_its_time_and_the_old_one_stays_to_be_asked(office: Office) -> None:
    await publish(office, parcels())
    at = office.shell.now() + timedelta(days=2)
    files = parcels(pack='version: "1" → version: "2"', clauses="more than 48 hours late → more than 24 hours late")
    told = await publish(office, files, effective_from=at.isoformat())
    assert told.status_code == 200, told.text
    store = await another_process(office)
    assert store.registry.in_force("parcels", at - timedelta(seconds=1)).version == "1"
    assert store.registry.in_force("parcels", at).version == "2"
    for version, hours in (("1", "48"), ("2", "24")):
        answer = (await office.post("ana", "/policies/evaluate", **ASKED, version=version)).json()
        assert answer["clause"]["version"] == version
        assert f"{hours} hours" in answer["clause"]["text"]
    read = (await office.get("audra", "/policies/parcels/versions/2")).json()
    assert (read["files"], read["in_force"]) == (files, False)
    assert [one["version"] for one in (await office.get("audra", "/policies/parcels/versions")).json()] == ["1", "2"]


async def test_a_draft_is_asked_without_being_published(office: Office) -> None:
    await publish(office, parcels())
    before = len(await office.events())
    draft = parcels(pack='version: "1" → version: "draft"', clauses="more than 48 hours late → late at all")
    answer = (await office.post("ana", "/policies/evaluate", **ASKED, files=draft)).json()
    assert "late at all" in answer["clause"]["text"]
    many = await office.post("ana", "/policies/evaluate", requests=[ASKED, {**ASKED, "arguments": {}}])
    assert [one["outcome"] for one in many.json()["answers"]] == ["discretionary", "needs_information"]
    assert len(await office.events()) == before


async def test_a_published_version_never_changes_and_none_takes_effect_too_early(office: Office) -> None:
    await publish(office, parcels())
    changed = await publish(office, parcels(clauses="more than 48 hours late → never"))
    assert changed.status_code == 409
    assert "version_taken" in changed.text
    early = await publish(
        office, parcels(pack='version: "1" → version: "9"'), effective_from=office.shell.now().isoformat()
    )
    assert early.status_code == 409
    assert "too_early" in early.text
    refused = [fact.reason_code for fact in await office.facts() if isinstance(fact, PolicyPublicationRefused)]
    assert sorted(refused) == ["too_early", "version_taken"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pack": "fallback_language: en → fallback_language: fr"}, "fallback_language must be one of languages"),
        ({"clauses": "id: P-2 → id: P-7"}, "clause P-2 is used by the table but not written"),
        ({"pack": "id: parcels → id: letters"}, "pack.yaml says letters"),
    ],
)
async def test_a_pack_that_does_not_hold_is_not_published(office: Office, change: dict[str, str], told: str) -> None:
    answer = await publish(office, parcels(**change))
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


async def test_what_nobody_published_is_not_found(office: Office) -> None:
    assert (await office.get("ana", "/policies/nonsense/versions")).status_code == 404
    assert (await office.get("ana", "/policies/shop/versions/0")).status_code == 404
    unknown = await office.post("ana", "/policies/evaluate", **{**ASKED, "action": "fly"})
    assert unknown.status_code == 422
    assert "refund_postage" in unknown.json()["fix"]


async def test_records_that_a_request_names_are_looked_up_where_a_facts_provider_is_set(office: Office) -> None:
    async def lookup(kind: str, record_id: str) -> LookedUp:
        return LookedUp(kind, record_id, True, "provider", office.shell.now(), 0.0, ASKED["records"]["parcel"])

    await publish(office, parcels())
    bare = {name: value for name, value in ASKED.items() if name != "records"}
    assert (await office.post("ana", "/policies/evaluate", **bare)).json()["outcome"] == "needs_information"
    office.app.state.lookup = lookup
    answer = (await office.post("ana", "/policies/evaluate", **bare)).json()
    assert (answer["outcome"], answer["looked_up"][0]["id"]) == ("discretionary", "A1")
