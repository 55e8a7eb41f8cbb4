"""The retail policy answers whatever it is asked, and every refusal is whole in every language."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.policy_tasks import pack
from tests.support.retail import CATALOGUE, ask, order

STATES = ("pending", "processed", "delivered", "cancelled", "pending (items modified)", "return requested")


def test_every_refusal_is_whole_in_every_language_and_differs_from_the_english_one() -> None:
    refused = [row for row in pack("retail").rows if row.outputs["outcome"] == "refused"]
    assert len(refused) > 40
    for row in refused:
        english = pack("retail").said(dict(row.outputs), "en", [])
        for language in ("es", "fr", "de"):
            said = pack("retail").said(dict(row.outputs), language, [])
            assert said.language == language
            assert said.alternatives
            assert all(one.offer and one.benefit for one in said.alternatives)
            assert min(len(said.limit), len(said.reason), len(said.appeal), len(said.deviation)) > 10
            assert said.limit != english.limit


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1e12, 1e12) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "user_id",
    "order_id",
    "reason",
    "item_ids",
    "new_item_ids",
    "payment_method_id",
    "zip",
    "about",
    "confirmed",
]
FIELDS = ["order_id", "user_id", "status", "items", "payment_history"]


@given(
    action=st.sampled_from(sorted(pack("retail").facts.actions)),
    arguments=st.dictionaries(st.sampled_from(NAMES), VALUES),
    spoilt=st.dictionaries(st.sampled_from(FIELDS), VALUES),
    status=st.sampled_from(STATES),
)
def test_whatever_is_asked_it_answers_and_a_refusal_is_whole(
    action: str, arguments: dict[str, Any], spoilt: dict[str, Any], status: str
) -> None:
    answer = ask(action, arguments, records={"order": {**order(status), **spoilt}, "catalogue": CATALOGUE})
    assert answer.clause.text
    if answer.outcome == "refused":
        assert answer.limit
        assert answer.reason
        assert answer.appeal
        assert answer.alternatives
    if answer.outcome == "needs_person":
        assert answer.note
    if answer.outcome == "needs_information":
        assert all(one.question for one in answer.missing)
        assert answer.missing
