"""Laws of triage: any text is read, spans lie inside it, deciding twice says nothing new, refusals are complete."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.domain.commands import AssessMessage, Command, Correction
from services.triage.domain.policies.assessment import Said, judge
from services.triage.domain.policies.ruling import Question
from shared.contracts.event import decode
from shared.contracts.triage import BoundaryStated, ExceptionProposed, Reading, RequestGranted
from shared.contracts.values import Money
from tests.support.triage import assess, assessment_rules, correct, decider, detect, past, reading, shop

OUTLINE = assessment_rules().outline
LISTS = assessment_rules().judgements
PIECES = st.sampled_from(
    [
        "I want", "a full refund", "$12.50", "99 dollars", "three weeks ago", "bought", "in December", "31 February",
        "broken", "not", "!!!", "by Friday", "within 9999 years", "\n> quoted", "On Monday Bo wrote:\n", "order #",
        "W2378156", "you idiots", "FIRE", "manager", "yes", "no", "¿dónde está?", "退款", "😡", "\u202e", "a" * 300,
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=30).map(" ".join))
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CHANNELS = st.sampled_from(["chat", "email", "phone", "web", "review", "pigeon"])
MONEY = st.builds(
    Money,
    amount=st.decimals(0, 100_000, places=2),
    currency=st.sampled_from(["USD", "EUR", "JPY"]),
)
READINGS = st.builds(
    lambda kinds, topics, **rest: reading(*kinds, topics=tuple(topics), **rest),
    kinds=st.lists(st.sampled_from(OUTLINE.kinds), max_size=2, unique=True),
    topics=st.sets(st.sampled_from([j.gives for j in LISTS if j.group == "topic"]), max_size=2),
    remedy=st.none() | st.sampled_from(OUTLINE.remedies),
    tone=st.sampled_from(OUTLINE.tones),
    language=st.sampled_from(["en", "es", "fr", "de", "pl", "und"]),
    emergency=st.booleans(),
    appeals=st.booleans(),
    confidence=st.floats(0, 1),
    amount=st.none() | MONEY,
    days_since_purchase=st.none() | st.integers(0, 2000),
)


@settings(deadline=None)
@given(text=TEXTS, channel=CHANNELS, at=INSTANTS, rating=st.none() | st.integers(1, 5))
def test_any_text_is_read_and_every_span_lies_inside_it(
    text: str, channel: str, at: datetime, rating: int | None
) -> None:
    said = Said(text, channel, at, rating)
    found = judge(said, assessment_rules(), detect())
    assert all(0 <= e.start <= e.end <= len(text) for e in found.evidence)
    assert set(found.kinds) <= set(OUTLINE.kinds)
    assert found.tone in OUTLINE.tones
    assert found == judge(said, assessment_rules(), detect())
    assert Reading.model_validate_json(found.model_dump_json()) == found


@settings(deadline=None)
@given(text=TEXTS, other=st.none() | TEXTS, at=INSTANTS)
def test_all_that_is_found_stands_on_words_of_the_text(text: str, other: str | None, at: datetime) -> None:
    found = judge(Said(text, "phone", at, second_transcript=other), assessment_rules(), detect())
    parts = (*found.requests, *found.amounts, *found.times, *found.references, *found.claims, *found.quotes)
    for part in (*parts, *found.doubts):
        assert 0 <= part.start < part.end <= len(text)
        assert 0 <= part.confidence <= 1
        assert part.judged_by
    assert bool(found.requests) == bool(found.kinds)
    assert [one.start for one in found.requests] == sorted(one.start for one in found.requests)
    assert found == judge(Said(text, "phone", at, second_transcript=other), assessment_rules(), detect())


@settings(deadline=None)
@given(text=TEXTS, other=TEXTS)
def test_a_second_transcript_never_makes_surer(text: str, other: str) -> None:
    when = datetime(2026, 11, 24, tzinfo=UTC)
    alone = judge(Said(text, "phone", when), assessment_rules(), detect())
    doubted = judge(Said(text, "phone", when, second_transcript=other), assessment_rules(), detect())
    assert doubted.confidence <= alone.confidence
    assert (doubted.kinds, doubted.remedy) == (alone.kinds, alone.remedy)
    assert doubted.amount in (alone.amount, None) or len(alone.amounts) > 1
    assert judge(Said(text, "phone", when, second_transcript=text), assessment_rules(), detect()) == alone


@settings(deadline=None)
@given(text=TEXTS.filter(lambda text: ">" not in text), below=TEXTS)
def test_what_stands_below_a_signature_or_a_quoting_mark_changes_nothing(text: str, below: str) -> None:
    when = datetime(2026, 11, 24, tzinfo=UTC)
    alone = judge(Said(text + "\n", "email", when), assessment_rules(), detect())
    for mark in ("-- \n", "-----Original Message-----\n"):
        found = judge(Said(f"{text}\n{mark}{below}", "email", when), assessment_rules(), detect())
        mine = found.model_copy(update={"quotes": ()})
        assert mine == alone.model_copy(update={"quotes": ()})


@settings(deadline=None)
@given(text=TEXTS.filter(lambda text: '"' not in text))
def test_marks_around_what_others_say_never_make_surer(text: str) -> None:
    when = datetime(2026, 11, 24, tzinfo=UTC)
    inside = text.replace("\n", " ").strip() or "nothing"
    told = judge(Said(f"Thanks. The agent said: {inside[:300]}", "chat", when), assessment_rules(), detect())
    quoted = judge(Said(f'Thanks. The agent said: "{inside[:300]}"', "chat", when), assessment_rules(), detect())
    assert not quoted.kinds or quoted.confidence <= told.confidence


@settings(deadline=None)
@given(text=TEXTS)
def test_quoted_lines_never_change_the_reading(text: str) -> None:
    said = judge(Said(text, "email", datetime(2026, 11, 24, tzinfo=UTC)), assessment_rules(), detect())
    above = "> I demand a full refund of $500 at once, you thieves!\n" + text
    found = judge(Said(above, "email", datetime(2026, 11, 24, tzinfo=UTC)), assessment_rules(), detect())
    assert (found.kinds, found.remedy, found.amount, found.tone) == (said.kinds, said.remedy, said.amount, said.tone)


@settings(deadline=None)
@given(what=READINGS, channel=CHANNELS)
def test_the_policy_answers_everything_and_every_refusal_is_complete(what: Reading, channel: str) -> None:
    question = Question(
        kind=what.kinds[0] if what.kinds else "other",
        language=what.language,
        channel=channel,
        kinds=what.kinds,
        remedy=what.remedy,
        topics=tuple(e.rule for e in what.evidence),
        tone=what.tone,
        emergency=what.emergency,
        confidence=what.confidence,
        amount=what.amount,
        days_since_purchase=what.days_since_purchase,
    )
    ruling = shop().evaluate(question)
    assert ruling.language in shop().facts.languages
    assert ruling.outcome != "refused" or (ruling.alternatives and ruling.reason and ruling.appeal and ruling.limit)
    assert not what.emergency or ruling.outcome == "needs_person"


COMMANDS = st.lists(
    st.one_of(
        st.builds(assess, st.integers(1, 5), READINGS, CHANNELS),
        st.builds(
            correct,
            st.integers(1, 5),
            st.builds(
                Correction,
                kinds=st.none() | st.lists(st.sampled_from(OUTLINE.kinds), max_size=2, unique=True).map(tuple),
                remedy=st.none() | st.sampled_from(OUTLINE.remedies),
                appeals=st.none() | st.booleans(),
            ),
        ),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=150)
@given(commands=COMMANDS)
def test_a_case_is_answered_once_for_each_thing_asked(commands: list[Command]) -> None:
    facts = past(*commands)
    boundaries = [(f.kind, f.clause.clause) for f in facts if isinstance(f, BoundaryStated)]
    proposals = [(f.kind, f.clause.clause) for f in facts if isinstance(f, ExceptionProposed)]
    assert len(set(boundaries)) == len(boundaries)
    assert len(set(proposals)) == len(proposals)
    state = decider().fold(facts)
    for fact in facts:
        assert decode(fact.TYPE, fact.body()) == fact
        if isinstance(fact, BoundaryStated | RequestGranted | ExceptionProposed):
            assert state.request(fact.request_id) is not None
    again = [command for command in commands if isinstance(command, AssessMessage)]
    assert [fact for command in again for fact in decider().decide(command, state)] == []
