"""Laws of policies: every request gets an answer, a refusal is whole, and the same request gets the same answer."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.adapters.policy_pack import PolicyPack, ruling_of
from services.triage.domain.policies.evaluation import AskedReading, PolicyAnswer, PolicyRequest
from services.triage.domain.policies.gathering import wanted
from services.triage.domain.policies.wording import say_boundary, say_grant
from tests.support.triage import POLICIES, assessment_rules, usd

PARCELS = Path(__file__).parents[1] / "unit" / "packs" / "parcels"
PACKS = {**{name: POLICIES / name for name in ("shop", "airline", "airline_first", "retail")}, "parcels": PARCELS}
NAMES = (
    *("reservation_id", "order_id", "parcel_id", "user_id", "reason", "status", "cabin", "flights", "date"),
    *("insurance", "created_at", "promised_at", "delivered_at", "items", "item_ids", "new_item_ids", "membership"),
    *("payment_method_id", "passengers", "nonfree_baggages", "price"),
)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 400),
    st.floats(0, 1e6),
    st.sampled_from(["", "economy", "business", "pending", "delivered", "2024-05-14T09:52:38", "2026-11-20", "gold"]),
    st.text(max_size=8),
)
anything = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
records = st.dictionaries(st.sampled_from(NAMES), anything, max_size=6)
kinds = st.sampled_from(assessment_rules().outline.kinds)
readings = st.builds(
    AskedReading,
    kind=kinds,
    kinds=st.lists(kinds, max_size=3).map(tuple),
    remedy=st.sampled_from([None, *assessment_rules().outline.remedies]),
    topics=st.lists(
        st.sampled_from(["final_sale", "out_of_stock", "minor_damage", "diagnostic_fee", "legal_threat", "baggage"]),
        max_size=3,
    ).map(tuple),
    tone=st.sampled_from(assessment_rules().outline.tones),
    emergency=st.booleans(),
    confidence=st.floats(0, 1),
    amount=st.none() | st.integers(0, 3000).map(usd),
    days_since_purchase=st.none() | st.integers(0, 2000),
)


@cache
def pack(name: str) -> PolicyPack:
    return PolicyPack(PACKS[name])


@st.composite
def requests(draw: st.DrawFn, name: str) -> PolicyRequest:
    facts = pack(name).facts
    return PolicyRequest(
        action=draw(st.sampled_from([None, "fly", *facts.actions])),
        arguments=draw(records),
        customer=draw(st.none() | records),
        records=draw(st.dictionaries(st.sampled_from([*facts.records, "other"]), st.none() | records, max_size=3)),
        claims=tuple(draw(st.lists(st.sampled_from(["approved_by_colleague", "item_lost"]), max_size=2))),
        now=draw(st.none() | st.just(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)) | st.just(datetime(2024, 5, 15, 15))),  # noqa: DTZ001 - a request may leave the offset to the pack's zone
        language=draw(st.sampled_from(["en", "es", "fr", "de", "zh", ""])),
        channel=draw(st.sampled_from(["chat", "email", "phone", "review", "pigeon"])),
        reading=draw(readings),
    )


def is_whole(answer: PolicyAnswer) -> None:
    """Assert that an answer has all that its outcome needs, for the customer and for the person who decides."""
    assert answer.clause.text
    match answer.outcome:
        case "refused":
            assert all((answer.limit, answer.reason, answer.appeal, answer.deviation, answer.alternatives))
            assert all(one.offer and one.benefit for one in answer.alternatives)
        case "allowed":
            assert answer.what
        case "discretionary":
            assert answer.reason
            assert answer.deviation
        case "needs_information":
            assert answer.missing
            assert all(one.question for one in answer.missing)
        case "needs_person":
            assert answer.note


@pytest.mark.parametrize("name", PACKS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_request_gets_an_answer_that_is_whole(name: str, data: st.DataObject) -> None:
    request = data.draw(requests(name))
    answer = pack(name).answer(request)
    is_whole(answer)
    assert pack(name).answer(request) == answer
    assert PolicyAnswer.model_validate_json(answer.model_dump_json()).outcome == answer.outcome


@pytest.mark.parametrize("name", PACKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_answer_can_be_said_on_every_channel(name: str, data: st.DataObject) -> None:
    request = data.draw(requests(name))
    answer = pack(name).answer(request)
    say = {"refused": say_boundary, "allowed": say_grant}.get(answer.outcome)
    if say is not None:
        assert say(ruling_of(answer), request.reading.tone, request.channel, pack(name).wording)


@pytest.mark.parametrize("name", PACKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_looked_up_is_named_by_the_request_and_not_there_yet(name: str, data: st.DataObject) -> None:
    request = data.draw(requests(name))
    for kind, record_id in wanted(request, pack(name).facts):
        assert kind not in request.records
        assert record_id.strip()


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_more_facts_never_turn_an_answer_into_a_question(data: st.DataObject) -> None:
    request = data.draw(requests("airline"))
    before = pack("airline").answer(request)
    asked: dict[str, Any] = {one.path.split(".")[-1]: "known" for one in before.missing if "." in one.path}
    more = request.model_copy(update={"arguments": {**request.arguments, **asked}})
    after = pack("airline").answer(more)
    assert {one.path for one in after.missing if one.path.startswith("arguments.")} <= (
        {one.path for one in before.missing} - {f"arguments.{name}" for name in asked}
    )
