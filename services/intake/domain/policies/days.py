"""Days counted in months."""

from datetime import date


def months_after(day: date, months: int) -> date:
    """Give the same day so many months later, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("unreachable")
