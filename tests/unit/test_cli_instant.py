"""Instants as people write them: every form, and one line for what is none."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.cli.instant import read_instant, read_range
from deploy.local.errors import UsageError

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("now", NOW),
        ("2026-11-24T09:30:00Z", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("2026-11-24T09:30:00.123456+01:00", datetime(2026, 11, 24, 8, 30, 0, 123456, tzinfo=UTC)),
        ("2026-11-24 09:30+00:00", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2026-11-24", NOW),
        ("2h ago", NOW - timedelta(hours=2)),
        ("30 minutes ago", NOW - timedelta(minutes=30)),
        ("1 week ago", NOW - timedelta(weeks=1)),
        ("yesterday 17:00", datetime(2026, 11, 23, 17, tzinfo=UTC)),
        ("today 9:05", datetime(2026, 11, 24, 9, 5, tzinfo=UTC)),
    ],
)
def test_every_form_is_read(written: str, instant: datetime) -> None:
    assert read_instant(written, "--as-of", NOW) == instant


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2026-11-24T09:30:00", "has no zone"),
        ("2026-11-24T16:30:00Z", "is yet to come"),
        ("2026-11-25", "is yet to come"),
        ("today 17:00", "is yet to come"),
        ("today 25:00", "is no instant"),
        ("soon", "is no instant"),
        ("", "is no instant"),
        ("99999999999999 weeks ago", "is no instant"),
        ("2026-13-01", "is no instant"),
    ],
)
def test_what_is_none_names_option_and_fix(written: str, problem: str) -> None:
    with pytest.raises(UsageError, match=f"^--as-of: .*{problem}") as refused:
        read_instant(written, "--as-of", NOW)
    assert refused.value.fix


def test_a_range_has_two_sides_in_order() -> None:
    before, after = read_range("2026-11-20T00:00:00Z..2026-11-21T00:00:00Z")
    assert (before, after) == (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
    assert read_range("..2026-11-21T00:00:00Z") == (None, after)
    assert read_range("2026-11-20T00:00:00Z..") == (before, None)
    for wrong in ("2026-11-20", "2026-11-21T00:00:00Z..2026-11-20T00:00:00Z", "soon..now"):
        with pytest.raises(UsageError, match=r"^--diff: "):
            read_range(wrong)
