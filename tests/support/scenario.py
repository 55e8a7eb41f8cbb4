"""Given-when-then for deciders: past facts, one command, the facts it must lead to."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from shared.contracts.event import Fact
from shared.kernel.decider import Decider

C = TypeVar("C")
S = TypeVar("S")


class Then(Generic[S]):
    """What a command led to. `facts` and `state` (after them) are open for further questions."""

    def __init__(self, facts: list[Fact], state: S) -> None:
        self.facts = facts
        self.state = state

    def then(self, *expected: Fact) -> None:
        """Fail unless exactly these facts were recorded, in this order; none at all when nothing is named."""
        assert self.facts == list(expected)

    def then_types(self, *expected: type[Fact]) -> "Then[S]":
        """Fail unless facts of exactly these classes were recorded, in this order."""
        assert [type(fact) for fact in self.facts] == list(expected)
        return self

    def then_refused(self, reason_code: str) -> None:
        """Fail unless the only fact is a refusal with this reason code."""
        assert [getattr(fact, "reason_code", type(fact).__name__) for fact in self.facts] == [reason_code]


class Given(Generic[C, S]):
    """A stream's past."""

    def __init__(self, decider: Decider[C, S, Fact], past: Sequence[Fact]) -> None:
        self._decider = decider
        self._past = past

    def when(self, *commands: C) -> Then[S]:
        """Carry out the commands one after another; `then` judges the facts of the last one."""
        state = self._decider.fold(self._past)
        facts: list[Fact] = []
        for command in commands:
            facts = self._decider.decide(command, state)
            state = self._decider.fold(facts, state)
        return Then(facts, state)


class Scenario(Generic[C, S]):
    """One decider under test: `Scenario(decider).given(fact, ...).when(command).then(fact, ...)`."""

    def __init__(self, decider: Decider[C, S, Fact]) -> None:
        self._decider = decider

    def given(self, *facts: Fact) -> Given[C, S]:
        """Start from these recorded facts, oldest first; none for an empty stream."""
        return Given(self._decider, facts)
