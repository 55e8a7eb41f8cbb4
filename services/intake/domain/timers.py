"""Which days intake waits for, and the command that a passed one gives."""

from datetime import date, datetime, timedelta
from uuid import uuid5

from services.intake.domain.commands import Command, PassReviewDay, PassStatementTime
from services.intake.domain.policies.acknowledgement import IntakeRules
from shared.contracts.event import Fact, Recorded
from shared.contracts.intake_conduct import ConductMeasureLifted, ConductMeasureReviewed, ConductMeasureTaken
from shared.contracts.intake_parties import PartyJoined
from shared.contracts.intake_vulnerability import VulnerabilityNoted, VulnerabilityRemoved
from shared.kernel.timers import CancelTimer, SetTimer, Timer, TimerChange

REVIEW = "standing_review"
STATEMENT = "dispute_statement"


class Timers:
    """Sets intake's timers by its calendar: a day begins when it does in the calendar's zone."""

    def __init__(self, rules: IntakeRules) -> None:
        self._calendar = rules.calendar

    def changes(self, _event: Recorded, fact: Fact) -> list[TimerChange]:
        """Set one timer a measure and one a need, for their days of review, and one for a dispute's other side."""
        match fact:
            case ConductMeasureTaken() | ConductMeasureReviewed() if fact.review_on is not None:
                timer_id = uuid5(fact.measure_id, REVIEW)
                return [SetTimer(timer_id, fact.customer_id, self._begin(fact.review_on), REVIEW)]
            case ConductMeasureLifted():
                return [CancelTimer(uuid5(fact.measure_id, REVIEW))]
            case VulnerabilityNoted():
                timer_id = uuid5(fact.need_id, REVIEW)
                return [SetTimer(timer_id, fact.customer_id, self._begin(fact.review_on), REVIEW)]
            case VulnerabilityRemoved():
                return [CancelTimer(uuid5(fact.need_id, REVIEW))]
            case PartyJoined() if fact.state_by is not None:
                return [SetTimer(uuid5(fact.dispute_id, STATEMENT), fact.case_id, fact.state_by, STATEMENT)]
            case _:
                return []

    def _begin(self, day: date) -> datetime:
        return self._calendar.midnight_after(day - timedelta(days=1))


def due(timer: Timer, now: datetime) -> Command:
    """Give the command of a timer that fired at `now`."""
    if timer.kind == STATEMENT:
        return PassStatementTime(timer.stream_id, now)
    return PassReviewDay(timer.stream_id, now)
