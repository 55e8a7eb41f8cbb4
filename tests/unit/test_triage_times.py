"""What is read as a time in customers' words, and which instant it stands for."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.domain.policies.assessment import Said, judge
from services.triage.domain.policies.phrases import words_of
from services.triage.domain.policies.times import times_said, written
from tests.support.triage import assessment_rules, detect

TUESDAY = datetime(2026, 11, 24, 10, 20, tzinfo=timezone(timedelta(hours=1)))


def times(text: str, now: datetime = TUESDAY) -> list[tuple[str, str]]:
    words = list(words_of(text))
    found = times_said(words, now, assessment_rules().times)
    return [(text[words[one.first].start : words[one.last].end], written(one.said)[1]) for one in found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I called the day before yesterday", "2026-11-22"),
        ("deliver it the day after tomorrow", "2026-11-26"),
        ("the courier came this morning", "2026-11-24"),
        ("we move in on Thursday", "2026-11-26"),
        ("my flight leaves on Tuesday", "2026-12-01"),
        ("move it to next Thursday", "2026-12-03"),
        ("it was sent last Monday", "2026-11-23"),
        ("I asked on Saturday last week", "2026-11-21"),
        ("bring it Wednesday in a week", "2026-12-02"),
        ("the parcel left on the 3rd of June 2024", "2024-06-03"),
        ("we marry on February the 14th", "2027-02-14"),
        ("it is due on the 20th", "2026-12-20"),
        ("cancel my room for Friday, December the 4th", "2026-12-04"),
        ("I land on Sunday 2 January", "2028-01-02"),
        ("received on 2026-05-03", "2026-05-03"),
        ("received on 17/09/26", "2026-09-17"),
        ("received on 17.09.2026", "2026-09-17"),
        ("a table for New Year's Eve", "2026-12-31"),
        ("I ordered two weeks ago", "2026-11-10"),
        ("it broke 3 months ago", "2026-08-24"),
        ("we leave in ten days", "2026-12-04"),
        ("pay me by the end of next month", "2026-12-31"),
        ("lo compré hace tres semanas", "2026-11-03"),
        ("la livraison est prévue pour après-demain", "2026-11-26"),
        ("je pars dans 5 jours", "2026-11-29"),
        ("ich brauche es übermorgen", "2026-11-26"),
        ("vor zwei Monaten gekauft", "2026-09-24"),
        ("am 5. Mai 2027", "2027-05-05"),
        ("el 5 de mayo de 2027", "2027-05-05"),
    ],
)
def test_a_day_is_resolved_against_the_day_on_which_it_was_said(text: str, value: str) -> None:
    assert [found for _, found in times(text)] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ring me at 9:40", "09:40"),
        ("ring me at 4 pm", "16:00"),
        ("ring me at 4 p.m. please", "16:00"),
        ("ring me at 12:10 a.m.", "00:10"),
        ("ring me at half past seven in the evening", "19:30"),
        ("ring me at quarter to five", "04:45"),
        ("ring me at 25 past 3 p.m.", "15:25"),
        ("ring me at 10 to 16", "15:50"),
        ("ring me after 8 30 evening", "20:30"),
        ("ring me around noon", "12:00"),
        ("appelez-moi à 17h30", "17:30"),
        ("rufen Sie um 15 Uhr an", "15:00"),
        ("rufen Sie um halb fünf an", "04:30"),
        ("llame a las cinco y media", "05:30"),
    ],
)
def test_a_time_of_day_is_read(text: str, value: str) -> None:
    assert [found for _, found in times(text)] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("we stay for 3 nights", "P3D"),
        ("it took half an hour", "PT30M"),
        ("it took two hours and a half", "PT2H30M"),
        ("allow 5 business days", "P5D"),
        ("a fortnight", "P2W"),
        ("what did I pay last week", "2026-11-16/2026-11-22"),
        ("all payments of this month", "2026-11-01/2026-11-30"),
        ("since September 2025", "2025-09-01/2025-09-30"),
        ("in the last 10 days", "2026-11-14/2026-11-24"),
        ("in the last three hours", "2026-11-24T07:20/2026-11-24T10:20"),
        ("can you come in 2 hours", "2026-11-24T12:20"),
    ],
)
def test_a_duration_or_a_period_is_read(text: str, value: str) -> None:
    assert [found for _, found in times(text)] == [value]


def test_two_ends_make_a_period_and_each_completes_the_other() -> None:
    assert times("from the 7th to the 9th of May")[-1] == ("7th to the 9th of May", "2027-05-07/2027-05-09")
    assert times("from 26 to 29 May")[-1] == ("26 to 29 May", "2027-05-26/2027-05-29")
    assert times("May 30th until the 2nd")[-1][1] == "2027-05-30/2027-06-02"
    assert times("from next Friday until Monday")[-1][1] == "2026-12-04/2026-12-07"


@pytest.mark.parametrize(
    "text",
    [
        "may I ask for 12 pieces at 20 dollars",
        "it is the 1st time, on the 2nd floor",
        "I paid 13.89 and 5 to 7 people saw it",
        "for a couple of friends",
        "buenos dias, por la mañana no",
        "some days ago",
        "pay it on the 4th of each month",
        "31 February",
        "",
    ],
)
def test_what_names_no_time_gives_none(text: str) -> None:
    assert times(text) == []


def test_the_customers_own_day_counts_where_it_differs() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
    assert times("call me tomorrow", late) == [("tomorrow", "2026-11-25")]


SAID = """
    from to the end of last next this 9999 years ago in 31 30 February st th Monday week half past quarter 25 12:75 24
    pm tonight hace vor halb 29 2024 . , Silvester 11/31/20 1.1.1 0 hours 00 until weekend each month a couple twenty
    first
"""
PIECES = st.sampled_from(SAID.split())
EDGES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59))  # noqa: DTZ001 - the edges of the calendar


@settings(deadline=None, max_examples=600)
@given(text=st.lists(PIECES, max_size=12).map(" ".join), now=EDGES)
def test_any_words_at_any_date_are_read_without_error_and_the_same_way_twice(text: str, now: datetime) -> None:
    words = list(words_of(text))
    found = times_said(words, now, assessment_rules().times)
    assert found == times_said(words, now, assessment_rules().times)
    for one in found:
        assert 0 <= one.first <= one.last < len(words)
        kind, value = written(one.said)
        assert value
        assert kind


def test_a_message_is_read_in_the_customers_zone() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    here = judge(Said("call me tomorrow", "chat", late), assessment_rules(), detect())
    there = judge(
        Said("call me tomorrow", "chat", late, zone=timezone(timedelta(hours=9))), assessment_rules(), detect()
    )
    assert [time.value for time in here.times] == ["2026-11-25"]
    assert [time.value for time in there.times] == ["2026-11-26"]


def test_what_a_time_is_for_is_told() -> None:
    said = judge(Said("Send it by Friday, I am away from Saturday.", "chat", TUESDAY), assessment_rules(), detect())
    assert [(time.role, time.value) for time in said.times] == [("deadline", "2026-11-27"), ("from", "2026-11-28")]
    assert said.deadline == "2026-11-27"


def test_the_day_of_a_purchase_lies_behind_though_days_without_a_year_lie_ahead() -> None:
    said = judge(Said("I bought it on January 10th.", "chat", TUESDAY), assessment_rules(), detect())
    assert [time.value for time in said.times] == ["2026-01-10"]
    assert said.days_since_purchase == 318


@pytest.mark.parametrize(
    ("text", "days", "due"),
    [
        ("I bought it six months ago.", 184, None),
        ("I have an appointment on 22 May.", None, None),
        ("I need it by the end of this year.", None, "2026-12-31"),
        ("Keep it until next Tuesday.", None, "2026-12-01"),
        ("I want it by Tuesday.", None, "2026-11-24"),
    ],
)
def test_purchase_and_deadline_are_read_by_the_same_grammar(text: str, days: int | None, due: str | None) -> None:
    said = judge(Said(text, "chat", TUESDAY), assessment_rules(), detect())
    assert (said.days_since_purchase, said.deadline) == (days, due)


def test_a_bare_number_behind_a_day_is_a_day() -> None:
    assert times("checking in February 14 to 22")[-1] == ("February 14 to 22", "2027-02-14/2027-02-22")
