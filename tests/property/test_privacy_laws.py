"""Laws of erasing: a refusal's day is true, nothing comes back, and no order of steps says erased too early."""

from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.commands import KeptCase
from services.intake.domain.policies.privacy import obstacle
from services.intake.domain.policies.retention import RetentionRules
from shared.contracts.event import Fact
from shared.contracts.intake_privacy import CustomerErased, ErasureApproved, PrivacyRefused
from tests.support.intake import RULES
from tests.support.intakes import MONDAY
from tests.support.privacy import after, business, erase, hold, kept, release, told

COUNTRIES = ("ES", "GB", "US", "BR", "DE")
PRODUCTS = ("goods", "banking", "securities", "funds", "payments")
businesses = st.builds(business, country=st.sampled_from(COUNTRIES), product=st.sampled_from(PRODUCTS))
instants = st.integers(0, 3650).map(lambda days: MONDAY - timedelta(days=days))
cases = st.builds(
    lambda first, more, channels, regulated: kept(
        received_at=first,
        last_at=min(first + timedelta(days=more), MONDAY),
        channels=tuple(channels),
        regulated=regulated,
    ),
    instants,
    st.integers(0, 900),
    st.lists(st.sampled_from(["phone", "chat", "email", "web"]), min_size=1, max_size=2, unique=True),
    st.sampled_from([None, "legal_threat", "data_rights"]),
)
customers = st.lists(cases, min_size=1, max_size=4)


def refused(found: list[KeptCase], rules: RetentionRules, at: datetime) -> PrivacyRefused | None:
    command = erase(now=at, cases=tuple(found))
    return obstacle(command, after().keeping, found, rules, RULES.calendar)


@given(customers, businesses)
def test_it_is_possible_on_the_day_named_and_not_a_day_before(found: list[KeptCase], rules: RetentionRules) -> None:
    refusal = refused(found, rules, MONDAY)
    if refusal is None:
        return
    assert refusal.possible_on is not None
    day = datetime.combine(refusal.possible_on, MONDAY.timetz())
    assert refused(found, rules, day) is None
    before = refused(found, rules, day - timedelta(days=1))
    assert before is not None
    assert before.possible_on == refusal.possible_on


@given(customers, businesses, st.lists(st.integers(0, 4000), min_size=2, max_size=6))
def test_what_is_possible_once_stays_possible(found: list[KeptCase], rules: RetentionRules, days: list[int]) -> None:
    free = [refused(found, rules, MONDAY + timedelta(days=day)) is None for day in sorted(days)]
    assert all(later or not earlier for earlier, later in pairwise(free))


@given(customers, businesses, customers)
def test_more_cases_never_make_it_possible_sooner(
    found: list[KeptCase], rules: RetentionRules, more: list[KeptCase]
) -> None:
    alone, together = refused(found, rules, MONDAY), refused([*found, *more], rules, MONDAY)
    if alone is not None:
        assert together is not None
        assert (together.possible_on or date.max) >= (alone.possible_on or date.max)


steps = st.lists(st.sampled_from(["ask", "approve", "hold", "release"]), max_size=12)


@given(steps)
def test_whatever_is_tried_an_erasure_is_approved_once_and_never_under_a_hold(tried: list[str]) -> None:
    commands = {"ask": erase("sue", "supervisor"), "approve": erase(), "hold": hold(), "release": release()}
    facts: list[Fact] = []
    for step in tried:
        state = after(*facts)
        if step == "release" and not state.keeping.holds and not state.keeping.released:
            continue
        new = told(commands[step], state)
        assert not (state.keeping.holds and any(isinstance(fact, ErasureApproved) for fact in new))
        facts += new
    assert len([fact for fact in facts if isinstance(fact, ErasureApproved)]) <= 1
    assert not any(isinstance(fact, CustomerErased) for fact in facts)
