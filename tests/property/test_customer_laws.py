"""Laws of how customers and we go on, whatever is said and decided, in whichever order."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.commands import (
    Command,
    Customer,
    JoinDispute,
    LiftMeasure,
    OpenDispute,
    PassReviewDay,
    ReviewMeasure,
    TakeMeasure,
    TellDispute,
    Terms,
    Told,
)
from services.intake.domain.decider import make_decider
from services.intake.domain.state import Conversation, IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import IntakeAttemptRefused, MessageReceived, MessageSent
from shared.contracts.intake_conduct import ConductMeasureLifted, ConductMeasureReviewed, ConductMeasureTaken
from tests.support.intake import RULES
from tests.support.intakes import ADA, BOB, CASE, CHAT, CODE, FIRST, MAIL, MONDAY, receive, said

decider = make_decider(RULES)
NOTICED = (ConductMeasureTaken, ConductMeasureReviewed, ConductMeasureLifted)
PEOPLE = {"ana": ("agent",), "sue": ("supervisor",), "max": ("manager",), "mia": ("manager",)}
HERE = Told(Conversation(CHAT, "chat", ADA.customer_id, ADA.address, heard=FIRST), "en", CODE, "")
people = st.sampled_from(sorted(PEOPLE))
ids = st.integers(1, 3).map(lambda number: UUID(int=number))
words = st.text(st.characters(categories=("L", "Zs")), min_size=12, max_size=40).filter(lambda text: text.strip())


def run(commands: list[Command]) -> list[tuple[Command, IntakeState, list[Fact]]]:
    """Carry commands out one after another; gives each with the state before it and what it led to."""
    state, steps = decider.initial, []
    for command in commands:
        facts = decider.decide(command, state)
        steps.append((command, state, facts))
        own = [fact for fact in facts if fact.stream_id == command.stream_id]
        state = decider.fold(own, state)
    return steps


@st.composite
def conduct_commands(draw: st.DrawFn) -> Command:
    """A command on conduct by anybody, on any of three measures, some day within two years."""
    by = draw(people)
    now = MONDAY + timedelta(days=draw(st.integers(0, 700)))
    who: dict[str, Any] = {"customer_id": ADA.customer_id, "now": now, "case_id": CASE, "by": by, "roles": PEOPLE[by]}
    measure_id, terms = draw(ids), Terms("email", "Ben", "Mondays")
    review_on = now.date() + timedelta(days=draw(st.integers(-5, 400)))
    match draw(st.sampled_from(("take", "review", "lift", "pass"))):
        case "take":
            return TakeMeasure(
                **who,
                measure_id=measure_id,
                measure=draw(st.sampled_from(sorted(RULES.conduct.measures))),
                category=draw(st.sampled_from(sorted(RULES.conduct.categories))),
                reason="Threats.",
                evidence=(FIRST,),
                adjustments=draw(st.sampled_from(((), ("fixed times",)))),
                review_on=review_on,
                terms=terms,
                told=HERE,
            )
        case "review":
            outcome = draw(st.sampled_from(("kept", "changed", "lifted")))
            return ReviewMeasure(
                **who,
                measure_id=measure_id,
                notice_id=uuid5(measure_id, str(now)),
                outcome=outcome,
                why="Calmer.",
                review_on=review_on,
                terms=terms,
                told=HERE,
            )
        case "lift":
            return LiftMeasure(
                **who, measure_id=measure_id, notice_id=uuid5(measure_id, str(now)), why="Calmer.", told=HERE
            )
        case _:
            return PassReviewDay(ADA.customer_id, now)


@settings(max_examples=150, deadline=None)
@given(st.lists(conduct_commands(), max_size=12))
def test_whatever_changes_for_a_customer_is_told_once_and_only_by_who_may(commands: list[Command]) -> None:
    known: set[UUID] = set()
    possible: list[Command] = []
    for command in commands:  # on a measure that is not there nothing can be decided
        measure_id = getattr(command, "measure_id", None)
        if isinstance(command, TakeMeasure) or measure_id is None or measure_id in known:
            facts = [fact for _, _, made in run([*possible, command])[-1:] for fact in made]
            known |= {fact.measure_id for fact in facts if isinstance(fact, ConductMeasureTaken)}
            possible.append(command)
    for command, before, facts in run(possible):
        changed = [fact for fact in facts if isinstance(fact, NOTICED)]
        told = [fact for fact in facts if isinstance(fact, MessageSent)]
        assert len(told) == bool(changed)
        if any(isinstance(fact, IntakeAttemptRefused) for fact in facts):
            assert len(facts) == 1
        for fact in changed:
            measure = fact.measure if isinstance(fact, ConductMeasureTaken) else None
            kept = before.standing.measures.get(fact.measure_id)
            rule = RULES.conduct.measures[measure or (kept.taken.measure if kept else "")]
            assert set(rule.roles) & set(getattr(command, "roles", ()))
        in_force = [one.taken.measure for one in before.standing.measures.values() if one.in_force]
        assert len(in_force) == len(set(in_force))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("chat", "email", "phone", "web", "review")),
            st.sampled_from((None, "email", "phone")),
            st.booleans(),
            st.sampled_from((None, "a mailing list")),
            st.integers(0, 72),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_nothing_that_a_customer_says_is_lost(said_so: list[tuple[str, str | None, bool, str | None, int]]) -> None:
    commands: list[Command] = []
    for number, (channel, open_channel, first, quiet, hours) in enumerate(said_so, 100):
        now = MONDAY + timedelta(hours=hours)
        message = said(UUID(int=number), channel, quiet=quiet)
        commands.append(receive(message, now, open_channel=open_channel, comes_first=first))
    for _, _, facts in run(commands):
        assert len([fact for fact in facts if isinstance(fact, MessageReceived)]) == 1
        assert len([fact for fact in facts if isinstance(fact, MessageSent)]) <= 1


@settings(max_examples=100, deadline=None)
@given(words, words, words, words, st.sampled_from(("en", "es", "fr", "de")), st.sampled_from(("en", "es", "fr", "de")))
def test_neither_side_is_ever_told_what_is_the_others(
    theirs: str, reply: str, to_claimant: str, to_respondent: str, one: str, other: str
) -> None:
    secrets = [f"1{theirs.strip()}1", f"2{reply.strip()}2", f"3{to_claimant.strip()}3", f"4{to_respondent.strip()}4"]
    dispute = UUID(int=71)
    there = Conversation(MAIL, "email", BOB.customer_id, BOB.address)
    bob = Customer(BOB.customer_id, "email", BOB.address)
    commands: list[Command] = [
        receive(said(FIRST, text=secrets[0])),
        OpenDispute(CASE, MONDAY, dispute, "A bicycle.", one, "ana", ("agent",)),
        JoinDispute(CASE, MONDAY, bob, there, other, "ana", ("agent",)),
        receive(said(UUID(int=11), "email", BOB, text=secrets[1])),
        TellDispute(CASE, MONDAY, UUID(int=72), dispute, "upheld", "The brake was worn.", secrets[2], secrets[3]),
    ]
    sent = [fact for _, _, facts in run(commands) for fact in facts if isinstance(fact, MessageSent)]
    decisions = [message for message in sent if message.purpose == "dispute_decision"]
    assert sorted(message.customer_id for message in decisions) == sorted((ADA.customer_id, BOB.customer_id))
    for message in sent:
        not_theirs = (secrets[1], secrets[3]) if message.customer_id == ADA.customer_id else (secrets[0], secrets[2])
        shown = message.text + str(message.subject)
        assert not [secret for secret in not_theirs if secret in shown]
