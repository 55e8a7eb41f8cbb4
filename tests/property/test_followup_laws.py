"""Laws of followup: the order in which other services are heard does not matter, and no promise lacks backing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from services.followup.domain.commands import KeepPromise, ReleasePromise, ResolveCase
from services.followup.domain.reactions import clause_backing
from shared.contracts.approvals import ExceptionApproved, ExceptionCountered
from shared.contracts.event import Fact, Recorded
from shared.contracts.followup import PromiseMade
from shared.contracts.triage import BoundaryStated, RequestGranted
from shared.contracts.values import Backing
from tests.support.desk import Desk
from tests.support.followups import (
    CASE,
    CLAUSE,
    MONDAY,
    assessed,
    boundary,
    corrected,
    decided,
    granted,
    opened,
    proposed,
    received,
    referred,
)
from tests.support.recorded import recorded

OUTCOMES = ("approved", "rejected", "countered", "withdrawn", "expired")
ANSWERS = ("nothing", "boundary", "granted", "referred", "proposed", "appealed", "corrected", "denied")
SILENT = ("nothing", "corrected", "denied")
YEAR = timedelta(days=365)


class Phase(NamedTuple):
    """What the services record in a while, in the order of its recording, and how long nothing comes after it."""

    events: list[Recorded]
    pause: timedelta
    act: str


def story(name: str, answer: str, outcome: str, settled: bool | None) -> list[tuple[str, Fact]]:
    """Give one message and what it leads to, as a chain of cause and effect over the topics."""
    chain: list[tuple[str, Fact]] = [
        ("intake", received(name)),
        ("triage", assessed(name, asks=answer not in SILENT, settled=settled if answer in SILENT else None)),
    ]
    match answer:
        case "boundary":
            chain.append(("triage", boundary(name, CLAUSE.model_copy(update={"clause": f"clause-{name}"}))))
        case "granted":
            chain.append(("triage", granted(name)))
        case "referred":
            chain += [("triage", referred(name)), ("triage", boundary(name))]
        case "proposed":
            chain += [("triage", proposed(name)), ("approvals", decided(name, outcome))]
        case "corrected":
            chain += [("triage", corrected(name, settled=settled)), ("triage", granted(name))]
        case "denied":
            chain.append(("triage", corrected(name, asks=False, settled=not settled)))
        case "appealed":
            chain += [("triage", boundary(name)), ("triage", proposed(name)), ("approvals", decided(name, outcome))]
        case _:
            pass
    return chain


@st.composite
def merged(draw: st.DrawFn, chains: Sequence[Sequence[Recorded]]) -> list[Recorded]:
    """Draw an interleaving that keeps the order of each chain."""
    left = [list(chain) for chain in chains if chain]
    out = []
    while left:
        number = draw(st.integers(0, len(left) - 1))
        out.append(left[number].pop(0))
        left = [chain for chain in left if chain]
    return out


@st.composite
def phases(draw: st.DrawFn) -> list[Phase]:
    """Draw what happens to a case, in up to three phases with pauses in which timers fire."""
    result, at, positions = [], MONDAY, {"intake": 0, "triage": 0, "approvals": 0}
    for phase in range(draw(st.integers(1, 3))):
        stories = [
            story(
                f"m{phase}{number}",
                draw(st.sampled_from(ANSWERS)),
                draw(st.sampled_from(OUTCOMES)),
                draw(st.sampled_from([None, True, False])),
            )
            for number in range(draw(st.integers(1, 3)))
        ]
        if phase == 0:
            stories[0].insert(0, ("intake", opened()))
        events = []
        for topic, fact in _linear(draw, stories):
            positions[topic] += 1
            at += timedelta(minutes=draw(st.integers(1, 90)))
            events.append(recorded(fact, at, positions[topic]))
        pause = timedelta(days=draw(st.sampled_from([0, 1, 3, 8, 9, 12, 25])))
        result.append(Phase(events, pause, draw(st.sampled_from(["wait", "keep", "resolve"]))))
        at += pause
    return result


def _linear(draw: st.DrawFn, stories: list[list[tuple[str, Fact]]]) -> list[tuple[str, Fact]]:
    left, out = [list(chain) for chain in stories], []
    while left:
        out.append(left[draw(st.integers(0, len(left) - 1))].pop(0))
        left = [chain for chain in left if chain]
    return out


def by_topic(events: list[Recorded]) -> list[list[Recorded]]:
    """Give the events of each topic in its order."""
    return [[event for event in events if event.log == topic] for topic in ("intake", "triage", "approvals")]


def act(desk: Desk, phase: Phase) -> None:
    """Let the pause pass; before it, in some phases, a person keeps promises or resolves the case."""
    start = phase.events[-1].recorded_at
    if phase.act == "keep":
        settle(desk, start)
    if phase.act == "resolve":
        desk.do(ResolveCase(CASE, start, "ana", ("agent",), "told by phone"))
    desk.wait(start + phase.pause)


def settle(desk: Desk, at: datetime) -> None:
    """Keep one open promise and release the others."""
    for number, promise in enumerate(desk.state.open_promises):
        about = promise.made.promise_id
        if number == 0:
            desk.do(KeepPromise(CASE, at, "ana", ("agent",), about, "receipt 1"))
        else:
            desk.do(ReleasePromise(CASE, at, "ana", ("agent",), about, "not needed"))


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_any_interleaving_of_the_topics_ends_in_the_same_state(data: st.DataObject) -> None:
    history = data.draw(phases())
    as_recorded, otherwise = Desk(), Desk()
    for phase in history:
        as_recorded.hear(*phase.events)
        otherwise.hear(*data.draw(merged(by_topic(phase.events))))
        assert otherwise.state == as_recorded.state
        act(as_recorded, phase)
        act(otherwise, phase)
        assert otherwise.state == as_recorded.state
    end = history[-1].events[-1].recorded_at + YEAR
    for desk in (as_recorded, otherwise):
        settle(desk, end)
        desk.wait(end + YEAR)
    assert otherwise.state == as_recorded.state


@given(phases())
@settings(max_examples=200, deadline=None)
def test_an_answered_case_with_nothing_open_closes_by_itself(history: list[Phase]) -> None:
    desk = Desk()
    for phase in history:
        desk.hear(*phase.events)
        act(desk, phase)
    end = history[-1].events[-1].recorded_at + YEAR
    desk.wait(end)
    settle(desk, end)
    desk.wait(end + YEAR)
    stuck = desk.state.status == "open" and not desk.state.answered
    assert stuck or desk.state.status == "closed"
    assert not desk.state.open_promises


@given(phases())
@settings(max_examples=200, deadline=None)
def test_every_promise_rests_on_a_clause_or_decision_of_the_case(history: list[Phase]) -> None:
    desk, said = Desk(), set()
    for phase in history:
        for event in phase.events:
            match event.fact:
                case BoundaryStated(clause=clause) | RequestGranted(clause=clause):
                    said.add(clause_backing(clause))
                case ExceptionApproved(exception_id=known) | ExceptionCountered(exception_id=known):
                    said.add(Backing(kind="decision", reference=str(known)))
                case _:
                    pass
        desk.hear(*phase.events)
        act(desk, phase)
    for fact in desk.facts:
        if isinstance(fact, PromiseMade):
            assert fact.backing in said


@given(phases())
@settings(max_examples=200, deadline=None)
def test_what_was_heard_before_adds_nothing(history: list[Phase]) -> None:
    desk = Desk()
    for phase in history:
        for event in phase.events:
            desk.hear(event)
            assert desk.hear(event) == []
        last = phase.events[-1]
        act(desk, phase)
        assert desk.hear(last) == []
