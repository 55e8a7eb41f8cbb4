"""Structured requests to a pack with actions: what is missing is asked first, then the tables answer, with a trace."""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.cli.policy_requests import read_requests
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.policies.evaluation import PolicyRequest, table_inputs
from services.triage.domain.policies.gathering import gather, wanted
from services.triage.domain.policies.lookups import UNREACHABLE, LookedUp
from services.triage.domain.policies.ruling import Question
from shared.kernel.errors import MalformedInput

PARCELS = Path(__file__).parent / "packs" / "parcels"
PACK = PolicyPack(PARCELS)
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
PARCEL = {"promised_at": "2026-11-20T12:00:00", "delivered_at": "2026-11-20T12:00:00", "postage": 7, "status": "out"}


def parcel(**changes: Any) -> dict[str, Any]:
    return {**PARCEL, **changes}


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """Give a copy of the pack with some words of a file changed."""
    home = tmp_path / "parcels"
    shutil.copytree(PARCELS, home)
    before = (home / name).read_text("utf-8")
    assert old in before
    (home / name).write_text(before.replace(old, new), "utf-8")
    return home


def refund(record: dict[str, Any] | None = None, **changes: Any) -> PolicyRequest:
    request = {
        "action": "refund_postage",
        "arguments": {"parcel_id": "A1", "reason": "late"},
        "records": {"parcel": record or parcel()},
        "now": NOW,
    }
    return PolicyRequest.model_validate({**request, **changes})


@pytest.mark.parametrize(
    ("delivered_at", "outcome", "rule"),
    [
        ("2026-11-20T12:00:00", "refused", "in-time"),
        ("2026-11-21T12:00:00", "discretionary", "goodwill"),
        ("2026-11-23T11:00:00", "allowed", "late"),
        ("2026-11-23T16:00:00Z", "allowed", "late"),
    ],
)
def test_derived_facts_decide_which_row_answers(delivered_at: str, outcome: str, rule: str) -> None:
    answer = PACK.answer(refund(parcel(delivered_at=delivered_at)))
    assert (answer.outcome, answer.clause.clause) == (outcome, "P-1")
    derived, matched = answer.trace
    assert matched.rule == rule
    assert derived.values["delivered"] is True
    assert all(one.value == derived.values["hours_late"] for one in matched.conditions)


def test_a_refusal_brings_limit_reason_alternative_and_appeal_in_the_customers_language() -> None:
    answer = PACK.answer(refund(language="es"))
    assert (answer.outcome, answer.language) == ("refused", "es")
    assert answer.limit.startswith("No podemos")
    assert answer.alternatives[0].benefit == "llega un día antes"
    assert answer.appeal.startswith("Responda")
    assert answer.clause.text.startswith("Postage"), "a clause that nobody translated is quoted as it is written"


def test_a_clause_that_is_not_translated_is_said_whole_in_the_fallback_language() -> None:
    answer = PACK.answer(
        PolicyRequest(
            action="redirect_parcel",
            arguments={"parcel_id": "A1"},
            records={"parcel": parcel(status="accepted")},
            language="es",
        )
    )
    assert (answer.outcome, answer.language, answer.what) == (
        "allowed",
        "en",
        "We send the parcel to the other address.",
    )


def test_a_value_that_depends_on_the_request_is_computed() -> None:
    answer = PACK.answer(refund(parcel(delivered_at="2026-11-23T11:00:00", postage=12)))
    assert (answer.limit_value, answer.working_days) == (12, 3)


def test_a_row_names_the_authority_that_may_decide() -> None:
    answer = PACK.answer(refund(parcel(delivered_at="2026-11-21T12:00:00")))
    assert answer.authority
    assert (answer.authority.role, answer.authority.why) == ("supervisor", "table Refund of postage, row goodwill")


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"arguments": {"parcel_id": "A1"}}, ["arguments.reason"]),
        ({"arguments": {"parcel_id": "A1", "reason": ""}}, ["arguments.reason"]),
        ({"arguments": {}, "records": {}}, ["arguments.parcel_id", "arguments.reason"]),
        ({"records": {"parcel": None}}, ["parcel"]),
    ],
)
def test_what_is_missing_is_asked_before_any_table(changes: Mapping[str, Any], paths: list[str]) -> None:
    answer = PACK.answer(refund(**changes))
    assert (answer.outcome, answer.clause.clause, answer.trace) == ("needs_information", "I-1", ())
    assert [one.path for one in answer.missing] == paths
    assert all(one.question.endswith("?") for one in answer.missing)


def test_a_record_that_nobody_could_be_asked_for_goes_to_a_person_and_not_back_to_the_customer() -> None:
    note = {"record": "parcel", "id": "A1", "found": False, "source": UNREACHABLE}
    answer = PACK.answer(refund(records={"parcel": None}, looked_up=(note,)))
    assert (answer.outcome, answer.note) == ("needs_person", "could not be looked up: parcel")


def test_a_request_that_no_table_can_answer_goes_to_a_person(tmp_path: Path) -> None:
    assert PACK.answer(refund(action="fly")).note == "no rules for the action fly"
    assert PACK.answer(PolicyRequest()).note == "no action is asked for"
    scans = changed(tmp_path, "tables/refund_postage.json", "parcel.delivered_at != null", "len(parcel.scans) > 0")
    broken = PolicyPack(scans).answer(refund())
    assert broken.outcome == "needs_person"
    assert "cannot be evaluated" in broken.note
    assert PolicyPack(scans).answer(refund(parcel(scans=["hub"]))).outcome == "refused"


def test_now_without_an_offset_is_in_the_packs_zone_and_today_is_its_day() -> None:
    inputs = table_inputs(refund(now=datetime(2026, 11, 24, 2, 0, tzinfo=UTC)), PACK.facts)
    assert (inputs["now"], inputs["today"]) == ("2026-11-23T21:00:00-05:00", "2026-11-23")
    naive = table_inputs(refund(now="2026-11-24T02:00:00"), PACK.facts)
    assert naive["now"] == "2026-11-24T02:00:00-05:00"


def test_a_reading_is_mapped_to_an_action_and_its_number_to_the_argument() -> None:
    asked = Question("other", "en", "chat", remedy="refund", order="A1", records={"parcel": parcel()}, now=NOW)
    ruling = PACK.evaluate(asked)
    assert ruling.outcome == "needs_information"
    assert [one.path for one in ruling.missing] == ["arguments.reason"]
    redirect = Question("other", "en", "chat", topics=("redirect",), order="A1", records={"parcel": parcel()})
    assert PACK.evaluate(redirect).trace.rule == "else"
    assert PACK.evaluate(Question("other", "en", "chat")).outcome == "needs_person"


async def test_records_that_are_named_are_looked_up_also_through_each_other() -> None:
    asked: list[tuple[str, str]] = []

    async def lookup(kind: str, wanted_id: str) -> LookedUp:
        asked.append((kind, wanted_id))
        value = {"parcel": parcel(user_id="u7"), "customer": {"membership": "gold"}}[kind]
        return LookedUp(kind, wanted_id, True, "file", NOW, 0.5, value)

    request = PolicyRequest(action="redirect_parcel", arguments={"parcel_id": "A1"}, now=NOW)
    assert wanted(request, PACK.facts) == [("parcel", "A1")]
    complete = await gather(request, PACK.facts, lookup)
    assert asked == [("parcel", "A1"), ("customer", "u7")]
    answer = PACK.answer(complete)
    assert (answer.outcome, answer.trace[0].rule) == ("discretionary", "member")
    assert [(one.record, one.id, one.age_seconds) for one in answer.looked_up] == [
        ("parcel", "A1", 0.5),
        ("customer", "u7", 0.5),
    ]


async def test_a_record_that_does_not_exist_is_looked_up_once() -> None:
    asked: list[str] = []

    async def lookup(kind: str, wanted_id: str) -> LookedUp:
        asked.append(kind)
        return LookedUp(kind, wanted_id, False, "file", NOW, 0.0)

    complete = await gather(refund(records={}), PACK.facts, lookup)
    assert asked == ["parcel"]
    assert [one.path for one in PACK.answer(complete).missing] == ["parcel"]


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("pack.yaml", "otherwise: I-1", "otherwise: Z-9", "Z-9 is named by otherwise but not written"),
        ("pack.yaml", "otherwise: I-1\n", "", "otherwise is missing"),
        ("pack.yaml", "America/New_York", "America/Atlantis", "is no zone of the tz database"),
        ("pack.yaml", "tables/redirect_parcel", "tables/redirect", "tables/redirect.json: cannot be read"),
        (
            "pack.yaml",
            "      arguments.reason: {",
            "      arguments.why: {",
            "needs arguments.reason, but has no question",
        ),
        ("clauses.yaml", 'es: "Le reembolsamos el franqueo."', "", "P-1: what is missing in es"),
        ("tables/redirect_parcel.json", "decisionTableNode", "functionNode", "holds functionNode"),
        ("tables/redirect_parcel.json", '"first"', '"collect"', "hitPolicy must be first"),
        ("tables/refund_postage.json", "d(parcel.promised_at, zone)", "d()", "reads a clock or chance"),
        ("tables/redirect_parcel.json", "\"'gold'\"", '"rand(3) > 1"', "reads a clock or chance"),
        ("tables/redirect_parcel.json", '"_id": "else"', '"_id": "member"', "two rows have the id member"),
        ("tables/redirect_parcel.json", "\"'needs_person'\"", '"parcel.status"', "must be a text such as"),
    ],
)
def test_a_pack_with_actions_that_is_wrong_is_refused(
    tmp_path: Path, name: str, old: str, new: str, problem: str
) -> None:
    home = changed(tmp_path, name, old, new)
    with pytest.raises(MalformedInput, match=problem):
        PolicyPack(home)


def test_an_answer_is_plain_json() -> None:
    told = json.loads(PACK.answer(refund()).model_dump_json())
    assert set(told["clause"]) == {"policy", "version", "clause", "text"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"requests": 5}', "requests must be a list"),
        ('{"requests": [{"request": {"policy": "shop"}, "only_if": 5}]}', "requests.0.only_if must be an object"),
        ('{"requests": [{"request": {"policy": "shop"}, "expect": [1]}]}', "requests.0.expect must be an object"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_holds_no_requests_is_told_in_a_line(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "requests.json"
    file.write_text(text)
    with pytest.raises(MalformedInput, match=problem):
        read_requests(str(file))
