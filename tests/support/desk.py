"""Followup at work without its shell or database, for tests of its rules over time."""

from datetime import datetime, timedelta
from uuid import UUID

from services.followup.domain.commands import Command
from services.followup.domain.decider import make_decider
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.reactions import react
from services.followup.domain.state import Followup
from services.followup.domain.timers import due, timers
from shared.contracts.event import Fact, Recorded
from shared.kernel.timers import SetTimer, Timer
from tests.support.followups import MONDAY, RULES
from tests.support.recorded import recorded


class Desk:
    """Takes events in, carries commands out, fires timers when they are due."""

    def __init__(self, rules: FollowupRules = RULES) -> None:
        self._decider = make_decider(rules)
        self.state: Followup = self._decider.initial
        self.facts: list[Fact] = []
        self.timers: dict[UUID, SetTimer] = {}

    def hear(self, *events: Recorded) -> list[Fact]:
        """Take in other services' events; give the facts that follow."""
        facts: list[Fact] = []
        for event in events:
            fact = event.fact
            assert fact is not None
            for command in react(event, fact, event.recorded_at):
                facts += self.do(command)
        return facts

    def tell(self, fact: Fact, after: timedelta = timedelta(0)) -> list[Fact]:
        """Take in one fact, recorded this long after MONDAY."""
        return self.hear(recorded(fact, MONDAY + after, len(self.facts) + 1000))

    def do(self, command: Command) -> list[Fact]:
        """Carry out one command; give its facts."""
        facts = self._decider.decide(command, self.state)
        for fact in facts:
            self.state = self._decider.evolve(self.state, fact)
            for change in timers(recorded(fact), fact):
                self.timers.pop(change.timer_id, None)
                if isinstance(change, SetTimer):
                    self.timers[change.timer_id] = change
        self.facts += facts
        return facts

    def wait(self, until: datetime) -> list[Fact]:
        """Fire all timers due by `until`, each at its time; give the facts that follow."""
        facts: list[Fact] = []
        while self.timers:
            first = min(self.timers.values(), key=lambda timer: (timer.due, timer.timer_id))
            if first.due > until:
                break
            del self.timers[first.timer_id]
            facts += self.do(due(Timer(first.timer_id, first.stream_id, first.due, first.kind), first.due))
        return facts
