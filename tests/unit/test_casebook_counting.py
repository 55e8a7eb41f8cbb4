"""How exceptions stand now, from how often each state was reached."""

from hypothesis import given
from hypothesis import strategies as st

from services.casebook.queries.counters import standing_exceptions

FEW = st.integers(0, 20)


@given(
    requested=FEW,
    rejected=FEW,
    approved=FEW,
    lapsed_approvals=FEW,
    countered=FEW,
    accepted=FEW,
    declined=FEW,
    lapsed_offers=FEW,
)
def test_each_exception_stands_in_one_state(
    requested: int,
    rejected: int,
    approved: int,
    lapsed_approvals: int,
    countered: int,
    accepted: int,
    declined: int,
    lapsed_offers: int,
) -> None:
    offers = countered + accepted + declined + lapsed_offers
    reached = {
        "requested": requested + rejected + approved + lapsed_approvals + offers,
        "rejected": rejected,
        "approved": approved + lapsed_approvals,
        "countered": offers,
        "accepted": accepted,
        "declined": declined,
        "lapsed": lapsed_approvals + lapsed_offers,
    }
    standing = standing_exceptions(reached, {"requested": requested, "countered": countered})
    assert standing.pop("requested") == requested
    assert standing == {
        state: number
        for state, number in {
            "rejected": rejected,
            "approved": approved,
            "countered": countered,
            "accepted": accepted,
            "declined": declined,
            "lapsed": lapsed_approvals + lapsed_offers,
        }.items()
        if number
    }
