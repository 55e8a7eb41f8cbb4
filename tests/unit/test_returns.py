"""Returns count each complaint once where it belongs, and can name the cases behind a figure."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casebook.exports.complaints import Complaint, Complaints
from services.casebook.exports.returns import ReturnForm, after_business_days, count, half_year, rows
from shared.contracts.values import Money
from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import read_policy
from tests.support.histories import make_lanes, one_after_another

POLICIES = Path(__file__).parents[2] / "policies" / "returns"
FCA = read_policy(POLICIES / "fca_disp.yaml", ReturnForm)
ASIC = read_policy(POLICIES / "asic_rg271.yaml", ReturnForm)
HALF = half_year("2026H1", FCA.zone)


def complaint(
    number: int, received: datetime, closed: datetime | None = None, *, granted: bool = False, paid: int = 0
) -> Complaint:
    return Complaint(
        UUID(int=number),
        f"RC-{number}",
        "chat",
        received,
        closed,
        {UUID(int=1): ("product_or_service_failure",)},
        granted,
        not granted,
        [Money(amount=Decimal(paid), currency="GBP")] if paid else [],
    )


def figures(form: ReturnForm, *complaints: Complaint) -> dict[str, Decimal]:
    return {cell.name: cell.value for cell in count(form, half_year("2026H1", form.zone), complaints)}


MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("closed", "cell"),
    [
        (datetime(2026, 3, 5, 22, tzinfo=UTC), "closed_3_business_days"),
        (datetime(2026, 3, 6, 1, tzinfo=UTC), "closed_4_weeks"),
        (datetime(2026, 3, 30, 12, tzinfo=UTC), "closed_4_weeks"),
        (datetime(2026, 3, 31, 12, tzinfo=UTC), "closed_8_weeks"),
        (datetime(2026, 4, 27, 12, tzinfo=UTC), "closed_8_weeks"),
        (datetime(2026, 4, 28, 12, tzinfo=UTC), "closed_later"),
    ],
)
def test_a_complaint_is_told_in_the_band_of_the_day_it_was_closed(closed: datetime, cell: str) -> None:
    told = figures(FCA, complaint(1, MONDAY, closed))
    bands = {band.cell for band in FCA.bands}
    assert {name for name, value in told.items() if name in bands and value} == {cell}


def test_the_third_business_day_after_a_friday_is_wednesday() -> None:
    assert after_business_days(date(2026, 3, 6), 3) == date(2026, 3, 11)
    assert after_business_days(date(2026, 3, 7), 3) == date(2026, 3, 11)


def test_partly_granted_is_upheld_and_redress_is_summed() -> None:
    closed = MONDAY + timedelta(days=9)
    told = figures(FCA, complaint(1, MONDAY, closed, granted=True, paid=45), complaint(2, MONDAY, closed))
    assert [told[name] for name in ("upheld", "rejected", "redress")] == [1, 1, 45]
    assert [told[name] for name in ("service.upheld", "service.redress")] == [1, 45]


def test_a_half_year_begins_at_midnight_where_the_regulator_is() -> None:
    assert half_year("2026H1", "Australia/Sydney").start == datetime(2025, 12, 31, 13, tzinfo=UTC)
    assert half_year("2026H2", "Europe/London").start == datetime(2026, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2026", "2026H3", "H1", "26H1", "2026h1", "２０２６H1", "0000H1"])
def test_what_is_no_half_year_is_told(written: str) -> None:
    with pytest.raises(MalformedInput, match="is no half-year"):
        half_year(written, "Europe/London")


moments = st.integers(0, 450 * 24).map(lambda hours: datetime(2025, 9, 1, tzinfo=UTC) + timedelta(hours=hours))
some = st.lists(st.tuples(moments, st.none() | st.integers(0, 200), st.booleans(), st.integers(0, 500)), max_size=30)


@given(some)
def test_whatever_comes_the_books_balance(told: list[tuple[datetime, int | None, bool, int]]) -> None:
    complaints = [
        complaint(n, at, None if days is None else at + timedelta(days=days), granted=granted, paid=paid)
        for n, (at, days, granted, paid) in enumerate(told)
    ]
    for form in (FCA, ASIC):
        found = figures(form, *complaints)
        assert found["outstanding_start"] + found["opened"] - found["closed"] == found["outstanding_end"]
        assert sum(found[band.cell] for band in form.bands) == found["closed"]
        assert found["upheld"] + found["rejected"] + found["neither"] == found["closed"]
        assert sum(value for name, value in found.items() if name.endswith(".opened")) == found["opened"]


@given(some)
def test_a_figure_s_cases_are_as_many_as_it_says(told: list[tuple[datetime, int | None, bool, int]]) -> None:
    complaints = [
        complaint(n, at, None if days is None else at + timedelta(days=days), granted=granted)
        for n, (at, days, granted, _) in enumerate(told)
    ]
    for cell in count(FCA, HALF, complaints):
        if not cell.name.endswith("redress"):
            assert cell.value == len(cell.complaints)


def test_a_row_stands_for_each_complaint_that_was_open_in_the_half_year() -> None:
    before = complaint(1, MONDAY - timedelta(days=200), MONDAY - timedelta(days=100))
    running, later = complaint(2, MONDAY - timedelta(days=100)), complaint(3, MONDAY + timedelta(days=200))
    ended = complaint(4, MONDAY, MONDAY + timedelta(days=4), granted=True)
    after = complaint(5, MONDAY, MONDAY + timedelta(days=150))
    told = {row["complaint"]: row for row in rows(ASIC, HALF, [before, running, later, ended, after])}
    assert {code: row["status"] for code, row in told.items()} == {"RC-2": "open", "RC-4": "closed", "RC-5": "open"}
    assert (told["RC-4"]["days"], told["RC-4"]["outcome"]) == ("4", "upheld")


def test_complaints_are_gathered_the_same_whatever_log_comes_first() -> None:
    events = one_after_another(make_lanes(3, cases=8, per_lane=40))
    one, other = Complaints(), Complaints()
    one.add(events)
    for log in ("followup", "approvals", "triage", "intake"):
        other.add(event for event in events if event.log == log)
    kinds = frozenset({"refund", "angry", "line one\nline two"})

    def told(found: Complaints) -> list[tuple[object, ...]]:
        return [(c.case_id, c.received_at, c.closed_at, c.ended, c.paid("GBP")) for c in found.of(kinds)]

    assert told(one) == told(other)
