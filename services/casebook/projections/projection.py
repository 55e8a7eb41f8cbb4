"""A projection: pure functions from one fact, with its header, to changes of rows."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from shared.contracts.event import Fact, Recorded
from shared.eventstore.readmodel import Change, ReadModel

F = TypeVar("F", bound=Fact)
Handler = Callable[[Recorded, F], Sequence[Change]]


class Projection:
    """Which facts change which rows of `models`; facts that nothing is registered for change nothing."""

    def __init__(self, name: str, *models: ReadModel) -> None:
        self.name = name
        self.models = models
        self._handlers: dict[type[Fact], Handler[Any]] = {}

    def on(self, fact_type: type[F]) -> Callable[[Handler[F]], Handler[F]]:
        """Register what to do with a fact type; a base class stands for all its subclasses without their own."""

        def register(handler: Handler[F]) -> Handler[F]:
            if fact_type in self._handlers:
                raise ValueError(f"{self.name}: two functions for {fact_type.__name__}")
            self._handlers[fact_type] = handler
            return handler

        return register

    def handler(self, fact_type: type[Fact]) -> Handler[Any] | None:
        """Give the function for a fact type: its own, else its nearest base class's; None when nothing is changed."""
        return next((self._handlers[base] for base in fact_type.__mro__ if base in self._handlers), None)

    def project(self, event: Recorded, fact: Fact) -> Sequence[Change]:
        """Give the changes that one event makes; the same for the same event, whatever came before."""
        handler = self.handler(type(fact))
        return handler(event, fact) if handler else ()
