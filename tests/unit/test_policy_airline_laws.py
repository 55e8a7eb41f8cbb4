"""What holds of the airline's policy whatever is asked, and where its editions differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.airline import (
    BUSINESS,
    CARD,
    GONE,
    INSURED,
    LATER,
    LONG_AGO,
    NEW,
    NOTE,
    NOW,
    TODAY,
    ask,
    customer,
    reservation,
)
from tests.support.policy_tasks import pack

DELAY = {"reason": "delayed", "changed_or_cancelled": False}
BOTH = {"cabin": "economy", "flights": NEW}


@pytest.mark.parametrize(
    ("action", "record", "arguments", "first", "second"),
    [
        ("cancel_reservation", reservation(**INSURED), {"reason": "change_of_plan"}, "allowed", "refused"),
        ("cancel_reservation", reservation(upgraded_at=NOW.isoformat()), {"reason": "other"}, "allowed", "refused"),
        ("send_certificate", reservation(BUSINESS), DELAY, "allowed", "refused"),
        ("update_reservation_flights", reservation("basic_economy"), BOTH, "allowed", "refused"),
        ("update_reservation_flights", reservation(days=(GONE, LATER)), {"cabin": BUSINESS}, "needs_person", "refused"),
    ],
)  # fmt: skip
def test_where_the_first_edition_differs(
    action: str, record: dict[str, Any], arguments: dict[str, Any], first: str, second: str
) -> None:
    """pack.yaml of the first edition names these points."""
    assert ask(action, record, policy="airline_first", **arguments).outcome == first
    assert ask(action, record, policy="airline", **arguments).outcome == second


def test_every_clause_that_refuses_is_said_in_four_languages() -> None:
    """Limit, reason, alternatives with benefit, and the way to appeal, none of them left in English."""
    told = {lang: ask("cancel_reservation", reservation(), language=lang) for lang in ("en", "es", "fr", "de")}
    assert [answer.language for answer in told.values()] == ["en", "es", "fr", "de"]
    for clause in pack("airline").written:
        if clause.limit:
            for texts in (clause.text, clause.limit, clause.reason or {}, *(a.offer for a in clause.alternatives)):
                assert len(set(texts.values())) == 4


@given(
    record=st.builds(
        reservation,
        cabin=st.sampled_from(["basic_economy", "economy", "business"]),
        days=st.lists(st.sampled_from([GONE, TODAY, LATER]), max_size=3).map(tuple),
        insurance=st.sampled_from(["yes", "no"]),
        created_at=st.sampled_from([LONG_AGO, "2024-05-15T09:00:00"]),
        total_baggages=st.integers(0, 6),
    ),
    action=st.sampled_from(sorted(pack("airline").facts.actions)),
    membership=st.sampled_from(["regular", "silver", "gold"]),
    arguments=st.dictionaries(
        st.sampled_from(["reason", "cabin", "part", "flights", "total_baggages", "amount", "topic", "payment_id"]),
        st.one_of(
            st.none(), st.integers(0, 400), st.sampled_from(["health", "economy", "delayed", CARD, NOTE]), st.just(NEW)
        ),
    ),
)  # fmt: skip
def test_every_request_has_an_answer_and_every_refusal_an_alternative(
    record: dict[str, Any], action: str, membership: str, arguments: dict[str, Any]
) -> None:
    """Whatever is asked, the policy answers; what it refuses, it refuses with limit, reason, alternative and appeal."""
    answer = ask(action, record, customer(membership), **arguments)
    if answer.outcome == "refused":
        assert answer.limit
        assert answer.reason
        assert answer.appeal
        assert all(one.offer and one.benefit for one in answer.alternatives)
        assert answer.alternatives
    if answer.outcome == "allowed":
        assert answer.what
