"""Folding facts into state."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.decider import Decider


def evolve(state: tuple[int, ...], fact: int) -> tuple[int, ...]:
    return (*state, fact)


def decide(command: int, state: tuple[int, ...]) -> list[int]:
    return [] if command in state else [command]


seen: Decider[int, tuple[int, ...], int] = Decider(initial=(), evolve=evolve, decide=decide)
facts = st.lists(st.integers(0, 9))


def test_nothing_folds_into_the_initial_state() -> None:
    assert seen.fold([]) == ()


@given(facts)
def test_facts_are_folded_oldest_first(past: list[int]) -> None:
    assert seen.fold(past) == tuple(past)


@given(facts, facts)
def test_folding_goes_on_from_any_state(past: list[int], later: list[int]) -> None:
    assert seen.fold(later, seen.fold(past)) == seen.fold(past + later)


def test_a_state_that_is_false_is_a_state_all_the_same() -> None:
    counter: Decider[int, int, int] = Decider(
        initial=100, evolve=lambda state, fact: state + fact, decide=lambda c, s: [c]
    )
    assert counter.fold([1], state=0) == 1


def test_facts_may_come_as_a_stream() -> None:
    def stream() -> Iterator[int]:
        yield from (3, 1, 2)

    assert seen.fold(stream()) == (3, 1, 2)
