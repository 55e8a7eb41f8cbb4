"""The shape of every rule: decide turns a command into facts, evolve folds facts into state."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, S, E]):
    """One stream kind's rules as a value (Chassaing, "Functional Event Sourcing Decider", 2021).

    `decide` and `evolve` are pure: no clock, randomness, I/O or id generation; time and ids ride in the command.
    """

    initial: S
    evolve: Callable[[S, E], S]
    decide: Callable[[C, S], list[E]]

    def fold(self, facts: Iterable[E], state: S | None = None) -> S:
        """Fold recorded facts, oldest first, into the state they lead to."""
        current = self.initial if state is None else state
        for fact in facts:
            current = self.evolve(current, fact)
        return current
